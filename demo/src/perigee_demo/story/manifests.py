"""The samples that the demo applies, with the figures of this run put in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import yaml

from perigee_demo.artifacts.files import ArtifactFile
from perigee_demo.checkout import SAMPLES

MODEL: Final = "cloud-mask"
NAMESPACE: Final = "default"
REPLICAS: Final = 2

LIVENESS: Final = {"heartbeatInterval": 2, "lostAfter": 12}
"""Seconds; short, so that the demo can be watched."""
ROLLOUT: Final = {
    "steps": [
        {"wave": {"count": 1}},
        {"analysis": {"golden": {}}},
        {"weight": 50},
        {"pause": {"contactTime": 10}},
    ],
    "deadline": 120,
}
"""Quicker than the sample's, for the same reason."""

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """A contact that the mission has planned."""

    start: datetime
    end: datetime


def fixed_satellite(name: str) -> Manifest:
    """A satellite that is always in contact."""
    return _satellite("satellite-fixed", name)


def planned_satellite(name: str, windows: tuple[Window, ...]) -> Manifest:
    """A satellite with a contact plan."""
    plan = [{"start": _moment(each.start), "end": _moment(each.end)} for each in windows]
    return _satellite("satellite-contacts", name, orbit={"contacts": plan})


def model(artifact: ArtifactFile, golden: ArtifactFile, depot: str, precision: str) -> Manifest:
    """The model with an artifact.

    Args:
        artifact: the network.
        golden: its golden set.
        depot: URL under which satellites find both.
        precision: of the network: fp16, int8.
    """
    manifest = _sample("model-cloud-mask")
    spec = manifest["spec"]
    spec["artifact"] |= _described(artifact, depot)
    spec["golden"] |= _described(golden, depot)
    spec["runtime"] |= {"precision": precision}
    spec["rollout"] |= ROLLOUT
    return manifest


def _satellite(sample: str, name: str, **spec: Any) -> Manifest:
    manifest = _sample(sample)
    manifest["metadata"]["name"] = name
    manifest["spec"] |= {"liveness": LIVENESS, **spec}
    # The sample's own satellite may have another processor than this machine.
    manifest["spec"].pop("hardware", None)
    return manifest


def _sample(name: str) -> Manifest:
    manifest: Manifest = yaml.safe_load((SAMPLES / f"{name}.yaml").read_text())
    return manifest


def _described(file: ArtifactFile, depot: str) -> dict[str, str | int]:
    return {"uri": f"{depot}/{file.path.name}", "sha256": file.sha256, "size": file.size}


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
