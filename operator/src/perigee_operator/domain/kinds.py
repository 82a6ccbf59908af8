"""The kinds of Kubernetes objects that Perigee reads and writes."""

from dataclasses import dataclass
from typing import Final

from perigee_api import names


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object, as the API server addresses it."""

    group: str
    """Empty for the core group."""
    version: str
    name: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As in an object's ``apiVersion``."""
        return f"{self.group}/{self.version}" if self.group else self.version


SATELLITE_NODE: Final = Kind(
    names.GROUP, names.VERSION, "SatelliteNode", "satellitenodes", namespaced=False
)
INFERENCE_MODEL: Final = Kind(names.GROUP, names.VERSION, "InferenceModel", "inferencemodels")
ROLLOUT_ACTION: Final = Kind(names.GROUP, names.VERSION, "RolloutAction", "rolloutactions")
ROLLOUT_POLICY: Final = Kind(
    names.GROUP, names.VERSION, "RolloutPolicy", "rolloutpolicies", namespaced=False
)
GROUND_STATION: Final = Kind(
    names.GROUP, names.VERSION, "GroundStation", "groundstations", namespaced=False
)

NODE: Final = Kind("", "v1", "Node", "nodes", namespaced=False)
POD: Final = Kind("", "v1", "Pod", "pods")
SERVICE: Final = Kind("", "v1", "Service", "services")
REPLICA_SET: Final = Kind("apps", "v1", "ReplicaSet", "replicasets")
DAEMON_SET: Final = Kind("apps", "v1", "DaemonSet", "daemonsets")
CONTROLLER_REVISION: Final = Kind("apps", "v1", "ControllerRevision", "controllerrevisions")
JOB: Final = Kind("batch", "v1", "Job", "jobs")
CRON_JOB: Final = Kind("batch", "v1", "CronJob", "cronjobs")
LEASE: Final = Kind("coordination.k8s.io", "v1", "Lease", "leases")
EVENT: Final = Kind("events.k8s.io", "v1", "Event", "events")
