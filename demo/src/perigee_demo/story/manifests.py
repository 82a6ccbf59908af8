"""The manifests of the demo with the figures of this run put in."""

import json
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from string import Template
from typing import Final

import perigee_demo
from perigee_demo.artifacts.files import ArtifactFile

MODEL: Final = "cloud-mask"
NAMESPACE: Final = "default"
REPLICAS: Final = 2

HEARTBEAT_S: Final = 2
LOST_AFTER_S: Final = 12
"""Seconds of silence in contact; short, so that the demo can be watched."""


@dataclass(frozen=True, slots=True)
class Window:
    """A contact that the mission has planned."""

    start: datetime
    end: datetime


def fixed_satellite(name: str) -> str:
    """A satellite that is always in contact, as YAML."""
    return _rendered(
        "satellite-fixed", name=name, heartbeat_s=HEARTBEAT_S, lost_after_s=LOST_AFTER_S
    )


def planned_satellite(name: str, windows: tuple[Window, ...]) -> str:
    """A satellite with a contact plan, as YAML."""
    plan = [{"start": _moment(each.start), "end": _moment(each.end)} for each in windows]
    return _rendered(
        "satellite-contacts",
        name=name,
        windows=json.dumps(plan),
        heartbeat_s=HEARTBEAT_S,
        lost_after_s=LOST_AFTER_S,
    )


def model(artifact: ArtifactFile, golden: ArtifactFile, depot: str, precision: str) -> str:
    """The model with an artifact, as YAML.

    Args:
        artifact: the network.
        golden: its golden set.
        depot: URL under which satellites find both.
        precision: of the network: fp16, int8.
    """
    return _rendered(
        "model",
        name=MODEL,
        namespace=NAMESPACE,
        replicas=REPLICAS,
        depot=depot,
        precision=precision,
        **_described("artifact", artifact),
        **_described("golden", golden),
    )


def _described(role: str, file: ArtifactFile) -> dict[str, str | int]:
    return {
        f"{role}_file": file.path.name,
        f"{role}_sha256": file.sha256,
        f"{role}_size": file.size,
    }


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _rendered(manifest: str, /, **values: str | int) -> str:
    template = files(perigee_demo).joinpath("manifests", f"{manifest}.yaml").read_text()
    return Template(template).substitute(values)
