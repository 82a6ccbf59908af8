"""What the objects of the API say about the demo; pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from perigee_api import names
from perigee_api.inference_model import InferenceModelStatus
from perigee_api.satellite_node import SatelliteNodeSpec, SatellitePhase
from perigee_demo.cluster import Json, Objects
from perigee_demo.inference.endpoints import SERVICE_LABEL, endpoints_of
from perigee_demo.story.manifests import MODEL, NAMESPACE
from perigee_lab.play.plan_file import windows_of
from perigee_lab.play.windows import Windows

SATELLITES: Final = f"/apis/{names.API_VERSION}/satellitenodes"
MODELS: Final = f"/apis/{names.API_VERSION}/namespaces/{NAMESPACE}/inferencemodels"
PODS: Final = f"/api/v1/namespaces/{NAMESPACE}/pods"
ENDPOINTS: Final = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
NODES: Final = "/api/v1/nodes"

EPOCH: Final = datetime.fromtimestamp(0, UTC)

MODEL_PODS: Final = f"{names.MODEL_LABEL}={MODEL}"
MODEL_ENDPOINTS: Final = f"{SERVICE_LABEL}={MODEL}"


@dataclass(frozen=True, slots=True, order=True)
class Container:
    """A container that was started."""

    id: str
    """As its runtime names it."""
    since: str
    """When it was started; empty: it does not run."""
    restarts: int


@dataclass(frozen=True, slots=True, order=True)
class Copy:
    """A pod of the model, as far as moving is concerned."""

    node: str
    """Empty: it has none yet."""
    pod: str
    uid: str
    containers: tuple[Container, ...]
    leaving: bool


def phases(satellites: Objects) -> dict[str, SatellitePhase]:
    """Phase by satellite."""
    return {
        each["metadata"]["name"]: SatellitePhase(
            each.get("status", {}).get("phase", SatellitePhase.PENDING)
        )
        for each in satellites
    }


def contacts(satellites: Objects) -> dict[str, Windows | None]:
    """When each satellite is in contact, in seconds since 1970; None: nobody has said."""
    return {
        each["metadata"]["name"]: windows_of(
            each["metadata"]["name"], SatelliteNodeSpec.model_validate(each["spec"]).orbit, EPOCH
        )
        for each in satellites
    }


def ready_nodes(nodes: Objects) -> frozenset[str]:
    """The Nodes that Kubernetes takes for Ready."""
    return frozenset(
        node["metadata"]["name"]
        for node in nodes
        for condition in node.get("status", {}).get("conditions") or ()
        if condition["type"] == "Ready" and condition["status"] == "True"
    )


def model_status(models: Objects) -> InferenceModelStatus:
    """Status of the demo's model; the one of a model that nobody has looked at yet, if none."""
    for each in models:
        if each["metadata"]["name"] == MODEL:
            return InferenceModelStatus.model_validate(each.get("status", {}))
    return InferenceModelStatus()


def is_seen(models: Objects) -> bool:
    """Whether the status is about the spec as it is now."""
    return any(
        each["metadata"]["name"] == MODEL
        and each.get("status", {}).get("observedGeneration") == each["metadata"]["generation"]
        for each in models
    )


def serving(slices: Objects) -> frozenset[str]:
    """The satellites that the ground may ask."""
    return frozenset(endpoint.node for endpoint in endpoints_of(slices))


def copies(pods: Objects) -> tuple[Copy, ...]:
    """All pods of the model, in a fixed order."""
    return tuple(sorted(_copy(pod) for pod in pods))


def _copy(pod: Json) -> Copy:
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    return Copy(
        node=pod["spec"].get("nodeName", ""),
        pod=pod["metadata"]["name"],
        uid=pod["metadata"]["uid"],
        containers=tuple(_container(status) for status in statuses),
        leaving="deletionTimestamp" in pod["metadata"],
    )


def _container(status: Json) -> Container:
    running = status.get("state", {}).get("running") or {}
    return Container(
        id=status.get("containerID", "").rpartition("//")[2],
        since=running.get("startedAt", ""),
        restarts=status["restartCount"],
    )
