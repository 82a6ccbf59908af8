"""The Pod that serves a revision."""

from typing import Any

from perigee_api import names
from perigee_api.inference_model import AcceleratorPolicy, Placement, SpreadBy
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.workloads.labels import revision_labels
from perigee_operator.domain.workloads.power import power
from perigee_operator.domain.workloads.quantity import canonical
from perigee_operator.domain.workloads.way_back import add_way_back

DRAIN_S = 10
"""How long a server answers after it was told to end: endpoints follow only by then.

On a ground that has much to do they took over 5 s, and requests failed.
"""


LABEL_DIRECTORY = "/etc/perigee/pod"
"""In the container: the Pod's own labels, kept up to date by the kubelet."""


def pod_template(
    model: ModelView, revision: Revision, placement: Placement, fallback: Revision | None = None
) -> dict[str, Any]:
    """Template for the ReplicaSet or DaemonSet of a revision.

    Args:
        model: of the revision.
        revision: what its Pods serve.
        placement: where they may run.
        fallback: what they go back to by themselves; None: there is nothing yet.
    """
    labels = revision_labels(model, revision.name)
    spec: dict[str, Any] = {
        "nodeSelector": {
            names.SATELLITE_LABEL: "true",
            names.node_revision_label(model.namespace, model.name, revision.name): "true",
        }
        | placement.node_selector,
        "affinity": _affinity(placement, labels),
        "tolerations": _tolerations(),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        # Names resolve in the cluster's DNS, which a satellite in the dark cannot ask.
        "dnsPolicy": "Default",
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": names.AGENT_UID,
            "runAsGroup": names.AGENT_UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(model, revision)],
        "volumes": _volumes(),
    }
    if fallback is not None:
        add_way_back(spec, model, _arguments(model, fallback)[1:])
    if placement.spread_by is SpreadBy.PLANE:
        spec["topologySpreadConstraints"] = [_spread_over_planes(labels)]
    return {"metadata": {"labels": labels}, "spec": spec}


def _container(model: ModelView, revision: Revision) -> dict[str, Any]:
    spec = revision.spec
    container: dict[str, Any] = {
        "name": "serve",
        "image": revision.image,
        "imagePullPolicy": "IfNotPresent",
        "args": _arguments(model, revision),
        # By environment: an image from before these options passes over them.
        "env": [
            {
                "name": "PERIGEE_SERVE_HANDOVER",
                "value": f"{names.HANDOVER_DIRECTORY}/{model.namespace}.{model.name}.sock",
            },
            {"name": "PERIGEE_SERVE_ACTIVE_FILE", "value": f"{LABEL_DIRECTORY}/active"},
            {"name": "PERIGEE_SERVE_SHADOW_FILE", "value": f"{LABEL_DIRECTORY}/shadow"},
            {"name": "PERIGEE_SERVE_NAMESPACE", "value": model.namespace},
            {
                "name": "PERIGEE_SERVE_POD",
                "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.uid"}},
            },
        ],
        "ports": [{"name": "http", "containerPort": names.SERVE_PORT, "protocol": "TCP"}],
        "readinessProbe": _probe("ready", period_s=1, failures=2),
        "livenessProbe": _probe("live", period_s=10, failures=3),
        "startupProbe": _probe("live", period_s=1, failures=120),
        "terminationMessagePolicy": "File",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "artifacts", "mountPath": names.ARTIFACT_DIRECTORY, "readOnly": True},
            {"name": "servers", "mountPath": names.HANDOVER_DIRECTORY, "readOnly": True},
            {"name": "labels", "mountPath": LABEL_DIRECTORY, "readOnly": True},
        ],
    }
    # Of an extended resource a limit has to be given, and the same is requested.
    drawn = power(spec.resources.power)
    resources = {
        what: {name: canonical(quantity) for name, quantity in given.items()}
        for what, given in (
            ("requests", spec.resources.requests | drawn),
            ("limits", spec.resources.limits | drawn),
        )
        if given
    }
    return container | ({"resources": resources} if resources else {})


def _volumes() -> list[dict[str, Any]]:
    """The artifacts; where the address on board is asked for; and what the Pod's labels say."""
    told = {"active": names.ACTIVE_LABEL, "shadow": names.SHADOW_LABEL}
    items = [
        {"path": path, "fieldRef": {"fieldPath": f"metadata.labels['{label}']"}}
        for path, label in told.items()
    ]
    return [
        {
            "name": "artifacts",
            "hostPath": {"path": names.ARTIFACT_DIRECTORY, "type": "Directory"},
        },
        {
            # Empty on a satellite that is not provisioned to serve by itself.
            "name": "servers",
            "hostPath": {"path": names.HANDOVER_DIRECTORY, "type": "DirectoryOrCreate"},
        },
        {"name": "labels", "downwardAPI": {"items": items}},
    ]


def _arguments(model: ModelView, revision: Revision) -> list[str]:
    spec, runtime = revision.spec, revision.spec.runtime
    arguments = {
        "--model": model.name,
        "--revision": revision.name,
        "--artifact": spec.artifact.sha256,
        "--artifact-directory": names.ARTIFACT_DIRECTORY,
        "--engine": runtime.engine.value,
        "--threads": str(runtime.threads),
        "--max-batch-size": str(runtime.batching.max_size),
        "--max-batch-delay-ms": f"{runtime.batching.max_delay:g}",
        "--port": str(names.SERVE_PORT),
        "--drain-s": str(DRAIN_S),
    }
    if spec.golden is not None:
        arguments |= {
            "--golden": spec.golden.sha256,
            "--golden-metric": spec.golden.metric.value,
            "--golden-threshold": str(spec.golden.threshold),
        }
    flags = ["--refuse-non-finite"] if runtime.refuse_non_finite else []
    return ["serve", *(f"{option}={value}" for option, value in arguments.items()), *flags]


def _probe(what: str, *, period_s: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": f"/v2/health/{what}", "port": "http"},
        "periodSeconds": period_s,
        "failureThreshold": failures,
        # A server that computes on one core answers its probe late, not never.
        "timeoutSeconds": 5,
    }


def _affinity(placement: Placement, labels: dict[str, str]) -> dict[str, Any]:
    """Architecture and accelerator as the model asks, and never two copies on one satellite."""
    affinity: dict[str, Any] = {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": labels}}
            ]
        }
    }
    required: list[dict[str, Any]] = []
    if placement.architectures:
        values = [a.value for a in placement.architectures]
        required.append({"key": "kubernetes.io/arch", "operator": "In", "values": values})
    accelerated = {"key": names.ACCELERATOR_LABEL, "operator": "Exists"}
    if placement.accelerator is AcceleratorPolicy.REQUIRED:
        required.append(accelerated)
    node_affinity: dict[str, Any] = {}
    if required:
        node_affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {
            "nodeSelectorTerms": [{"matchExpressions": required}]
        }
    if placement.accelerator is AcceleratorPolicy.PREFERRED:
        node_affinity["preferredDuringSchedulingIgnoredDuringExecution"] = [
            {"weight": 100, "preference": {"matchExpressions": [accelerated]}}
        ]
    return affinity | ({"nodeAffinity": node_affinity} if node_affinity else {})


def _tolerations() -> list[dict[str, Any]]:
    """Stay on a dark satellite without limit, but do not start on one.

    NotReady and unreachable are tolerated for NoExecute only: tolerated for NoSchedule, too, new
    Pods would be sent to satellites that nobody reaches.
    """
    return [
        {"key": names.SATELLITE_TAINT, "operator": "Exists", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
        {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"},
    ]


def _spread_over_planes(labels: dict[str, str]) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": names.PLANE_LABEL,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }
