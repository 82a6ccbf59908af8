"""The resources that tests apply: the demo's model, and satellites that are soon found lost."""

from collections.abc import Sequence
from typing import Any, Final

from perigee_api import names
from perigee_demo.artifacts.files import ArtifactFile
from perigee_demo.story import manifests
from perigee_demo.story.manifests import Window
from perigee_demo.story.stage import Stage

Json = dict[str, Any]

SATELLITES: Final = ("sat-1", "sat-2", "sat-3")
HEARTBEAT_S: Final = 2
LOST_AFTER_S: Final = 8


def satellite(
    name: str, *, windows: Sequence[Window] = (), lost_after_s: float = LOST_AFTER_S, **spec: Any
) -> Json:
    """A SatelliteNode: always in contact unless it is given windows.

    Args:
        name: also of its Node.
        windows: its contact plan.
        lost_after_s: seconds of silence in contact until it is Lost.
        spec: further fields of the spec.
    """
    orbit: Json = {"fixed": {"latitude": 48.1, "longitude": 11.6, "height": 520}}
    if windows:
        plan = [{"start": _moment(each.start), "end": _moment(each.end)} for each in windows]
        orbit = {"contacts": plan}
    liveness = {"heartbeatInterval": HEARTBEAT_S, "lostAfter": lost_after_s}
    return {
        "apiVersion": names.API_VERSION,
        "kind": "SatelliteNode",
        "metadata": {"name": name},
        "spec": {"orbit": orbit, "liveness": liveness, **spec},
    }


def model(stage: Stage, file: ArtifactFile, *, name: str = manifests.MODEL, **spec: Any) -> Json:
    """An InferenceModel: the demo's, unless fields of the spec say otherwise."""
    resource = manifests.model(file, stage.artifacts.golden, stage.depot, "fp16")
    resource["metadata"]["name"] = name
    resource["spec"] |= spec
    return resource


def _moment(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
