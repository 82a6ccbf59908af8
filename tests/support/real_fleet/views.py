"""What the objects of the API say; pure."""

from dataclasses import dataclass

from perigee_api import names
from perigee_api.inference_model import InferenceModelStatus
from perigee_api.satellite_node import SatelliteNodeStatus
from perigee_demo.cluster import Json, Objects
from perigee_demo.story.constellation import Collection
from perigee_demo.story.manifests import NAMESPACE
from perigee_demo.story.views import PODS

NODES = Collection("/api/v1/nodes")
DAEMON_SETS = f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets"


@dataclass(frozen=True, slots=True, order=True)
class Container:
    """A container of a model's Pod: the same one as long as all of this is the same."""

    node: str
    pod_uid: str
    container_id: str
    restarts: int


@dataclass(frozen=True, slots=True)
class Marks:
    """What Perigee has put on a Node, and what it joined with."""

    labels: dict[str, str]
    taints: frozenset[str]


def pods_of(model: str) -> Collection:
    """The Pods of a model."""
    return Collection(PODS, f"{names.MODEL_LABEL}={model}")


def refused_pods(pods: Objects) -> frozenset[str]:
    """Names of the Pods that their kubelets would not take."""
    return frozenset(
        pod["metadata"]["name"] for pod in pods if pod.get("status", {}).get("phase") == "Failed"
    )


def is_leaving(pod: Json) -> bool:
    """Whether somebody deletes it."""
    return "deletionTimestamp" in pod["metadata"]


def on(pods: Objects, node: str) -> Objects:
    """The Pods on a Node that nobody deletes."""
    return tuple(p for p in pods if p["spec"].get("nodeName") == node and not is_leaving(p))


def containers(pods: Objects) -> tuple[Container, ...]:
    """All containers that have been started, in a fixed order."""
    return tuple(
        sorted(
            Container(
                pod["spec"]["nodeName"],
                pod["metadata"]["uid"],
                status.get("containerID", ""),
                status["restartCount"],
            )
            for pod in pods
            for status in pod.get("status", {}).get("containerStatuses") or ()
        )
    )


def all_ready(pods: Objects) -> bool:
    """Whether all containers are ready, by word of their kubelets."""
    return bool(pods) and all(
        status["ready"]
        for pod in pods
        for status in pod.get("status", {}).get("containerStatuses") or ({"ready": False},)
    )


def nodes_of(pods: Objects) -> frozenset[str]:
    """Where there are Pods that nobody deletes."""
    return frozenset(p["spec"].get("nodeName", "") for p in pods if not is_leaving(p))


def active_on(pods: Objects) -> frozenset[str]:
    """Where a Pod serves."""
    return frozenset(
        pod["spec"]["nodeName"]
        for pod in pods
        if pod["metadata"]["labels"].get(names.ACTIVE_LABEL) == "true" and not is_leaving(pod)
    )


def revision_of(pod: Json) -> str:
    """The revision that a Pod serves."""
    return str(pod["metadata"]["labels"][names.REVISION_LABEL])


def of_revision(pods: Objects, revision: str) -> Objects:
    """The Pods that serve a revision."""
    return tuple(pod for pod in pods if revision_of(pod) == revision)


def named(objects: Objects, name: str) -> Json | None:
    """The object of a name."""
    return next((each for each in objects if each["metadata"]["name"] == name), None)


def marks(nodes: Objects, name: str) -> Marks:
    """Perigee's labels and taints on a Node."""
    node = named(nodes, name) or {"metadata": {}, "spec": {}}
    return Marks(
        {
            key: value
            for key, value in node["metadata"].get("labels", {}).items()
            if names.GROUP in key.partition("/")[0]
        },
        frozenset(
            taint["key"]
            for taint in node["spec"].get("taints") or ()
            if taint["key"].startswith(names.GROUP)
        ),
    )


def is_ready(nodes: Objects, name: str) -> bool:
    """Whether the node controller takes a Node for Ready."""
    node = named(nodes, name) or {}
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in node.get("status", {}).get("conditions") or ()
    )


def satellite_status(satellites: Objects, name: str) -> SatelliteNodeStatus:
    """Status of a SatelliteNode; of one that nobody has looked at yet, if there is none."""
    found = named(satellites, name) or {}
    return SatelliteNodeStatus.model_validate(found.get("status", {}))


def holds(status: SatelliteNodeStatus, condition: str) -> bool:
    """Whether a condition of a satellite is True."""
    return any(each.type == condition and each.status == "True" for each in status.conditions)


def status_of(models: Objects, name: str) -> InferenceModelStatus:
    """Status of a model, if it is about the spec as it is now; else that of a new one."""
    found = named(models, name)
    if found is None:
        return InferenceModelStatus()
    status = found.get("status", {})
    if status.get("observedGeneration") != found["metadata"]["generation"]:
        return InferenceModelStatus()
    return InferenceModelStatus.model_validate(status)
