"""The message that the kubelet copies into the Pod's status."""

import os
from pathlib import Path

import structlog

from perigee_api.termination import Termination

_log = structlog.get_logger(__name__)


def write_termination(path: Path, termination: Termination) -> None:
    """Write the message where the kubelet reads it, and log it.

    The kubelet makes the file before the container starts. Where there is none, or none that may
    be written, nobody would read it: the log alone must do.
    """
    _log.error(termination.message, reason=termination.reason)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    except OSError as error:
        _log.info("no termination message", path=str(path), why=error.strerror)
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(termination.model_dump_json())
