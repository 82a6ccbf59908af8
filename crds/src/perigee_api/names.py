"""The names that Perigee's parts share: API group, labels, taints, annotations, paths, ports.

Everything here is visible to users with kubectl, so each name is part of the API.
"""

from typing import Final

GROUP: Final = "perigee.space"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

FIELD_MANAGER: Final = "perigee"
"""Field manager of the operator's server-side applies."""

# Namespaces

SYSTEM_NAMESPACE: Final = "perigee"
"""Where the chart is installed unless the user says otherwise."""

HEARTBEAT_NAMESPACE: Final = "perigee-heartbeats"
"""One Lease a satellite, named after its Node."""

KUBELET_LEASE_NAMESPACE: Final = "kube-node-lease"

# Labels on Nodes

SATELLITE_LABEL: Final = "perigee.space/satellite"
"""``"true"`` on every Node that is a satellite; set where the Node joins, never by the operator."""

SATELLITE_NODE_LABEL: Final = "perigee.space/satellite-node"
"""Name of the SatelliteNode that a Node is projected from: the mark that Perigee manages it."""

ORBIT_LABEL: Final = "perigee.space/orbit"
ACCELERATOR_LABEL: Final = "perigee.space/accelerator"
PLANE_LABEL: Final = "perigee.space/plane"

DISCOVERY_LABEL: Final = "perigee.space/discovery"
"""``"refused"`` on a Node that joined as a satellite and cannot have a SatelliteNode."""

REVISION_LABEL_DOMAIN: Final = "models.perigee.space"
"""``<namespace>.models.perigee.space/<model>-<revision>`` on a Node: it may run there."""

# Taints on Nodes

SATELLITE_TAINT: Final = "perigee.space/satellite"
"""NoSchedule, set where the Node joins, so that only what Perigee sends goes up."""

LOST_TAINT: Final = "perigee.space/lost"
MAINTENANCE_TAINT: Final = "perigee.space/maintenance"

# Labels on workloads and Pods

MODEL_LABEL: Final = "perigee.space/model"
REVISION_LABEL: Final = "perigee.space/revision"
ACTIVE_LABEL: Final = "perigee.space/active"
"""``"true"`` on the Pod that serves the model on its satellite; the Services select it."""

IN_CONTACT_LABEL: Final = "perigee.space/in-contact"
"""``"true"`` while the Pod's satellite is in contact; the ground's Service selects it too."""

SHADOW_LABEL: Final = "perigee.space/shadow"
"""On a candidate's Pod that serves nobody: the share of the stable revision's requests, in percent,
that is to be handed on to it."""

# On CronJobs, and on the Jobs that measure candidates

ANALYSIS_LABEL: Final = "perigee.space/analysis"
"""``"true"`` on a CronJob: whoever made it agrees that models of its namespace have it run."""

METRIC_LABEL: Final = "perigee.space/metric"
"""On a Job: the metric that it is a measurement of."""

SERIES_LABEL: Final = "perigee.space/series"
"""On a Job: a digest of which metric of which rollout it measures."""

MEASUREMENT_ANNOTATION: Final = "perigee.space/measurement"
"""On a Job: its number in the series, from 1."""

# Resources of Nodes

POWER_RESOURCE: Final = "perigee.space/milliwatts"
"""What models on board may draw together, as a SatelliteNode's ``spec.hardware.power`` says."""

# Annotations

REPORT_ANNOTATION: Final = "perigee.space/report"
"""On a heartbeat Lease, written by the agent: `perigee_api.heartbeat.Report` as JSON."""

ASSIGNMENT_ANNOTATION: Final = "perigee.space/assignment"
"""On a heartbeat Lease, written by the operator: `perigee_api.heartbeat.Assignment` as JSON."""

LOST_CONSENT_ANNOTATION: Final = "perigee.space/lost-consent"
"""On a SatelliteNode: a human agrees to its loss beyond the fleet's budget.

The value is the ``status.epoch`` that the loss brings, so that consent is to one loss only.
"""

EVENT_REVISION_ANNOTATION: Final = REVISION_LABEL
"""On an Event: the revision that it is about."""

EVENT_BY_ANNOTATION: Final = "perigee.space/by"
"""On an Event: the person who asked for what it tells."""

# On board

STATE_DIRECTORY: Final = "/var/lib/perigee"
"""On every satellite, owned by `AGENT_UID`; made by whoever provisions the satellite."""

ARTIFACT_DIRECTORY: Final = f"{STATE_DIRECTORY}/artifacts"
"""Artifacts by digest: a complete and verified one is the file named by its sha256 alone."""

ROLLED_BACK_SOCKET: Final = f"{ARTIFACT_DIRECTORY}/.rolled-back"
"""Where the agent hears, by datagrams, which Pods have gone back on board.

Beside the artifacts, since every server sees that directory, and may not write to it.
"""

COUNTS_SOCKET: Final = f"{ARTIFACT_DIRECTORY}/.counts"
"""Where the agent hears, by datagrams, what servers have counted; likewise."""

SHADOW_SOCKET: Final = f"{ARTIFACT_DIRECTORY}/.shadow"
"""Where the agent brings a candidate's server and the stable revision's together; likewise."""

STANDALONE_DIRECTORY: Final = f"{STATE_DIRECTORY}/standalone"
"""What a satellite needs to serve by itself; made by whoever provisions the satellite for that."""

ADDRESS_DIRECTORY: Final = "/run/perigee/models"
"""On a satellite that can serve by itself: ``<namespace>.<model>.sock``, a Unix socket (HTTP).

It is there from boot on, with and without the ground; clients on board mount this directory.
"""

HANDOVER_DIRECTORY: Final = "/run/perigee/servers"
"""``<namespace>.<model>.sock``, where a model's servers ask for the socket of its address."""

AGENT_UID: Final = 65532

SERVE_PORT: Final = 8080
"""The inference server's HTTP port: inference, health and metrics."""

REVISION_DIGITS: Final = 8
"""Length of a revision's name: the first hexadecimal digits of its hash."""

LONGEST_MODEL_NAME: Final = 52
"""Characters, so that the names that are derived from it stay within 63."""

AGENT_DAEMON_SET: Final = "perigee-agent"
"""The agents' DaemonSet, in the namespace of the chart's release."""

AGENT_LABELS: Final = {
    "app.kubernetes.io/name": "perigee",
    "app.kubernetes.io/component": "agent",
}
"""On that DaemonSet, its Pods and its ControllerRevisions."""

LOCAL_SUFFIX: Final = "-local"
"""Of the Service that satellites ask: no model's name ends so."""


def node_revision_label(namespace: str, model: str, revision: str) -> str:
    """The label key that lets a revision of a model run on a Node.

    The part before the slash has at most 63 + 1 + 20 characters, the part after it at most
    `LONGEST_MODEL_NAME` + 1 + 8: within the 253 and 63 that Kubernetes allows.
    """
    return f"{namespace}.{REVISION_LABEL_DOMAIN}/{model}-{revision}"


def is_revision_label(key: str) -> bool:
    """Whether a Node's label says that a revision may run there."""
    return key.partition("/")[0].endswith(f".{REVISION_LABEL_DOMAIN}")


def workload_name(model: str, revision: str) -> str:
    """Name of a revision's ReplicaSet or DaemonSet, and of its ControllerRevision."""
    return f"{model}-{revision}"
