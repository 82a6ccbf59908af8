"""What caches keep of an object: those of a whole fleet are in memory.

What is packed already is kept as it is: of a listing each object is packed as soon as it is read,
since all of a large fleet are hundreds of megabytes before.
"""

from typing import Any, Final

from perigee_operator.domain.odd import rows, table
from perigee_operator.domain.writes import Json
from perigee_operator.storage.folded import Folded

_IDENTITY: Final = ("name", "namespace", "uid", "resourceVersion")
_OF_NODE_STATUS: Final = ("allocatable", "images")
_OF_POD_SPEC: Final = ("nodeName",)
_OF_POD_STATUS: Final = ("phase", "conditions", "containerStatuses")


def folded(item: Json) -> Folded:
    """All but who wrote which field, which of a SatelliteNode is more than half."""
    return item if isinstance(item, Folded) else Folded(_without_managers(item))


def of_a_node(node: Json) -> Folded:
    """What is asked of a Node: there is one a satellite, and what its kubelet tells is long."""
    if isinstance(node, Folded):
        return node
    status = table(node.get("status"))
    told: dict[str, Any] = {key: status[key] for key in _OF_NODE_STATUS if key in status}
    told["conditions"] = [
        row for row in rows(status.get("conditions")) if row.get("type") == "Ready"
    ]
    return folded({**node, "status": told})


def of_a_pod(pod: Json) -> Folded:
    """What is asked of a model's Pod: most of it is its ReplicaSet's template once more."""
    if isinstance(pod, Folded):
        return pod
    spec, status = table(pod.get("spec")), table(pod.get("status"))
    kept: dict[str, Any] = {key: spec[key] for key in _OF_POD_SPEC if key in spec}
    kept["containers"] = [
        {"resources": row.get("resources")} for row in rows(spec.get("containers"))
    ]
    told: dict[str, Any] = {key: status[key] for key in _OF_POD_STATUS if key in status}
    return folded({**pod, "spec": kept, "status": told})


def identity_alone(item: Json) -> Json:
    """Which object it is and no more: of Leases that tell all in the moment they change."""
    metadata = item["metadata"]
    return {"metadata": {key: metadata[key] for key in _IDENTITY if key in metadata}}


def _without_managers(item: Json) -> Json:
    metadata = {key: each for key, each in item["metadata"].items() if key != "managedFields"}
    return {**item, "metadata": metadata}
