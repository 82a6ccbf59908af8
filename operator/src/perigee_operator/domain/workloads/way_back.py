"""What a Pod needs to go back on board by itself: the revision before, and where to note it."""

import json
from collections.abc import Sequence
from typing import Any

from perigee_api import names
from perigee_operator.domain.fleet import ModelView

RECORD_DIRECTORY = "/run/perigee/course"
"""In the container: an emptyDir, which outlives the container and the satellite's reboot."""

GOLDEN_EVERY_S = 300
"""How often a server that has a way back runs its golden set again."""


def add_way_back(spec: dict[str, Any], model: ModelView, options: Sequence[str]) -> None:
    """Give a Pod's spec the way back to another revision.

    By environment: an image from before these variables passes over them, and serves without.

    Args:
        spec: of the Pod, with one container.
        model: which it serves.
        options: of `perigee-edge serve`, for the revision before.
    """
    told = {
        "FALLBACK": json.dumps(list(options), separators=(",", ":")),
        "MODEL": f"{model.namespace}/{model.name}",
        "RECORD_DIRECTORY": RECORD_DIRECTORY,
        "REPORT_SOCKET": names.ROLLED_BACK_SOCKET,
        # Only within a limit of memory that leaves room for it.
        "STANDBY": "true",
    }
    container = spec["containers"][0]
    container["env"] = [
        *container["env"],
        {"name": "PERIGEE_SERVE_GOLDEN_EVERY_S", "value": str(GOLDEN_EVERY_S)},
        *({"name": f"PERIGEE_SUPERVISOR_{name}", "value": value} for name, value in told.items()),
        {
            "name": "PERIGEE_SUPERVISOR_POD",
            "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.uid"}},
        },
    ]
    mount = {"name": "course", "mountPath": RECORD_DIRECTORY}
    container["volumeMounts"] = [*container["volumeMounts"], mount]
    spec["volumes"] = [*spec["volumes"], {"name": "course", "emptyDir": {"sizeLimit": "1Mi"}}]
