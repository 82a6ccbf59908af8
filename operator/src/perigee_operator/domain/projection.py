"""A SatelliteNode on its Node: labels and taints."""

from collections.abc import Mapping

from perigee_api import names
from perigee_api.heartbeat import AssignedArtifact, Assignment
from perigee_api.satellite_node import Orbit, SatelliteNodeSpec, SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import HeartbeatView, NodeView, SatelliteView
from perigee_operator.domain.kinds import LEASE, NODE
from perigee_operator.domain.orbit.period import period_s
from perigee_operator.domain.workloads.power import power
from perigee_operator.domain.workloads.quantity import thousandths
from perigee_operator.domain.writes import Apply, ObjectKey, RemoveLabels, SetTaints, Taint, Write

LOST = Taint(names.LOST_TAINT, "NoSchedule")
MAINTENANCE = Taint(names.MAINTENANCE_TAINT, "NoSchedule")
OUT_OF_SERVICE = Taint("node.kubernetes.io/out-of-service", "NoExecute", "decommissioned")
"""Kubernetes' own word for a Node that is gone: its Pods are cleared away.

The value means nothing to Kubernetes. It tells this taint from one that somebody else put there,
which stays.
"""

MANAGED_TAINTS = frozenset({LOST.key, MAINTENANCE.key})


def node_labels(name: str, spec: SatelliteNodeSpec, revisions: frozenset[str]) -> dict[str, str]:
    """The labels that Perigee puts on the Node of a satellite.

    Args:
        name: the SatelliteNode's.
        spec: its spec.
        revisions: label keys of the revisions that may run there.
    """
    labels = {
        names.SATELLITE_NODE_LABEL: name,
        names.ORBIT_LABEL: orbit_kind(spec.orbit),
    }
    if spec.hardware.accelerator is not None:
        labels[names.ACCELERATOR_LABEL] = spec.hardware.accelerator.kind.value
    if spec.plane is not None:
        labels[names.PLANE_LABEL] = spec.plane
    return labels | dict.fromkeys(sorted(revisions), "true")


def orbit_kind(orbit: Orbit) -> str:
    """How the orbit is given: ``omm``, ``tle``, ``contacts``, ``fixed`` or ``unknown``."""
    given = (kind for kind in ("omm", "tle", "contacts", "fixed") if getattr(orbit, kind))
    return next(given, "unknown")


def is_ours(label: str) -> bool:
    """Whether a Node's label is one that the operator puts there."""
    if label == names.SATELLITE_LABEL:
        return False
    return label.partition("/")[0] == names.GROUP or names.is_revision_label(label)


def label_writes(node: NodeView, wanted: Mapping[str, str]) -> list[Write]:
    """Makes a Node bear exactly these of Perigee's labels."""
    present = {key: value for key, value in node.labels.items() if is_ours(key)}
    key = ObjectKey(NODE, node.name)
    writes: list[Write] = []
    if any(present.get(label) != value for label, value in wanted.items()):
        body = {"metadata": {"uid": node.uid, "labels": dict(wanted)}}
        writes.append(Apply(key, body))
    surplus = present.keys() - wanted.keys()
    if surplus:
        # Whoever put them there: an apply takes away only what an apply has said.
        writes.append(RemoveLabels(key, node.uid, frozenset(surplus)))
    return writes


def wanted_taints(
    spec: SatelliteNodeSpec, status: SatelliteNodeStatus, *, keeps_lost: bool = False
) -> frozenset[Taint]:
    """The taints that follow from what is recorded of a satellite.

    Args:
        spec: of the SatelliteNode.
        status: what is recorded.
        keeps_lost: it was Lost, is back, and not adopted yet.
    """
    taints = set()
    if status.phase is SatellitePhase.LOST or keeps_lost:
        taints.add(LOST)
    if spec.maintenance:
        taints.add(MAINTENANCE)
    if spec.decommissioned:
        taints.add(OUT_OF_SERVICE)
    return frozenset(taints)


def taint_writes(node: NodeView, wanted: frozenset[Taint]) -> list[Write]:
    """Makes a Node bear exactly these of Perigee's taints."""
    ours = MANAGED_TAINTS | {taint.key for taint in wanted}
    if OUT_OF_SERVICE in node.taints:
        ours |= {OUT_OF_SERVICE.key}
    if {taint for taint in node.taints if taint.key in ours} == wanted:
        return []
    return [SetTaints(ObjectKey(NODE, node.name), node.uid, ours, wanted)]


def power_writes(node: NodeView, spec: SatelliteNodeSpec) -> list[Write]:
    """Has a Node say how much power there is for models; none, where nobody says any more.

    A kubelet keeps what others say of such a resource, but for a Node that was made anew.
    """
    stated = power(spec.hardware.power or 0.0)
    if node.allocatable.get(names.POWER_RESOURCE, 0) == thousandths(stated[names.POWER_RESOURCE]):
        return []
    said = {"capacity": stated, "allocatable": stated}
    body = {"metadata": {"uid": node.uid}, "status": said}
    return [Apply(ObjectKey(NODE, node.name), body, subresource="status")]


def leaving_writes(node: NodeView, *, forget: bool) -> list[Write]:
    """Takes Perigee's taints and labels off a Node.

    The labels go last: by them it is known that something is left to be taken off.

    Args:
        node: the Node.
        forget: its SatelliteNode was deleted: it is not to be discovered again, so the label that
            makes it a satellite goes, too. Otherwise that one stays, for it came with the Node.
    """
    labels = {label for label in node.labels if is_ours(label)}
    if forget:
        labels |= {names.SATELLITE_LABEL} & node.labels.keys()
    writes = taint_writes(node, frozenset())
    if labels:
        writes.append(RemoveLabels(ObjectKey(NODE, node.name), node.uid, frozenset(labels)))
    return writes


def assignment_writes(
    view: SatelliteView,
    node: str,
    artifacts: tuple[AssignedArtifact, ...],
    ahead: tuple[str, ...] = (),
) -> list[Write]:
    """Tells a satellite what to keep on board, in an annotation of its Lease.

    Args:
        view: the satellite.
        node: name of its Node.
        artifacts: the most urgent first.
        ahead: digests of those that are fetched ahead of their turn.
    """
    heartbeat: HeartbeatView | None = view.heartbeat
    if heartbeat is None or view.spec is None:
        return []
    wanted = Assignment(
        epoch=view.status.epoch,
        heartbeat_interval_s=view.spec.liveness.heartbeat_interval,
        artifacts=artifacts,
        ahead=ahead or None,
        orbit_period_s=period_s(view.spec.orbit),
    )
    if wanted == heartbeat.assignment:
        return []
    text = wanted.model_dump_json(by_alias=True, exclude_none=True)
    metadata = {"uid": heartbeat.lease_uid, "annotations": {names.ASSIGNMENT_ANNOTATION: text}}
    return [Apply(ObjectKey(LEASE, node, names.HEARTBEAT_NAMESPACE), {"metadata": metadata})]
