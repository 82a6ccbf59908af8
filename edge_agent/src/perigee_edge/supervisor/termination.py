"""The message that the kubelet copies into the Pod's status, once the container ends for good."""

import json
import os
from pathlib import Path

from perigee_edge.standalone.log import log
from perigee_edge.supervisor.messages import Failed


def write_termination(path: Path, failed: Failed) -> None:
    """Write what the worker has said, as `perigee_api.termination.Termination` has it.

    The kubelet makes the file before the container starts. Where there is none nobody would read
    it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    except OSError as error:
        log("no_termination_message", path=str(path), message=error.strerror)
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"reason": failed.reason, "message": failed.message}, file)
