"""The components that make up the control plane, all on the ground."""

from typing import Final

from perigee_lab import addresses
from perigee_lab.certificates import Authority, KeyPair, Subject
from perigee_lab.distribution.component import BIN, DATA, ETC, Component
from perigee_lab.kubeconfig import kubeconfig

API_URL: Final = f"https://{addresses.node(0)}:{addresses.API_PORT}"
KUBE: Final = f"{BIN}/kubernetes/perigee-kube"

_KINE_SOCKET: Final = "/run/kine.sock"
_PKI: Final = f"{ETC}/pki"
_MUTATING_POLICIES: Final = (
    "--feature-gates=MutatingAdmissionPolicy=true",
    "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
)


def kine() -> Component:
    """The store that the API server takes for etcd: SQLite behind etcd's protocol."""
    # As K3s has it: a power loss may cost the last moments, and never what was before them.
    options = (
        "_journal_mode=WAL&_busy_timeout=30000&_synchronous=NORMAL&_txlock=immediate"
        "&_stmt_cache_size=20&cache=shared"
    )
    return Component(
        name="kine",
        argv=(
            f"{BIN}/kine/kine",
            f"--endpoint=sqlite://{DATA}/kine.db?{options}",
            f"--listen-address=unix://{_KINE_SOCKET}",
            "--metrics-bind-address=0",
        ),
        socket=_KINE_SOCKET,
    )


def api_server(authority: Authority, *, mutating_policies: bool) -> Component:
    """The API server.

    Args:
        authority: signs its certificates.
        mutating_policies: whether it knows MutatingAdmissionPolicies, which are off by default
            before Kubernetes 1.36.
    """
    kubelet_client = Subject("perigee-lab-api-server", ("system:masters",))
    tokens = authority.signing_key("service-accounts")
    serving = Subject(
        "kube-apiserver",
        addresses=(
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "localhost",
            "127.0.0.1",
            addresses.API_SERVICE,
            addresses.node(0),
        ),
    )
    return Component(
        name="apiserver",
        argv=(
            KUBE,
            "apiserver",
            f"--advertise-address={addresses.node(0)}",
            f"--secure-port={addresses.API_PORT}",
            f"--etcd-servers=unix://{_KINE_SOCKET}",
            f"--service-cluster-ip-range={addresses.SERVICE_CIDR}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--anonymous-auth=false",
            f"--client-ca-file={_PKI}/ca.crt",
            f"--tls-cert-file={_PKI}/apiserver.crt",
            f"--tls-private-key-file={_PKI}/apiserver.key",
            f"--kubelet-certificate-authority={_PKI}/ca.crt",
            f"--kubelet-client-certificate={_PKI}/kubelet-client.crt",
            f"--kubelet-client-key={_PKI}/kubelet-client.key",
            # By address: nobody here resolves names.
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={_PKI}/service-accounts.crt",
            f"--service-account-signing-key-file={_PKI}/service-accounts.key",
            *(_MUTATING_POLICIES if mutating_policies else ()),
        ),
        files={
            "pki/ca.crt": authority.authority.public,
            **_pair("apiserver", authority.certificate("apiserver", serving)),
            **_pair("kubelet-client", authority.certificate("kubelet-client", kubelet_client)),
            **_pair("service-accounts", tokens),
        },
    )


def controller_manager(authority: Authority, *, node_grace_s: int | None) -> Component:
    """The controllers of Nodes, Deployments, DaemonSets and the rest.

    Args:
        authority: signs its certificates.
        node_grace_s: a Node whose kubelet is silent for longer is marked; None: as Kubernetes has
            it.
    """
    user = Subject("system:kube-controller-manager")
    grace = [] if node_grace_s is None else [f"--node-monitor-grace-period={node_grace_s}s"]
    return Component(
        name="controller-manager",
        argv=(
            KUBE,
            "controller-manager",
            *_as_user("controller-manager"),
            "--use-service-account-credentials",
            "--allocate-node-cidrs=false",
            f"--root-ca-file={_PKI}/ca.crt",
            f"--cluster-signing-cert-file={_PKI}/ca.crt",
            f"--cluster-signing-key-file={_PKI}/ca.key",
            f"--service-account-private-key-file={_PKI}/service-accounts.key",
            *grace,
        ),
        files={
            **_pair("ca", authority.authority),
            "controller-manager.kubeconfig": _kubeconfig(authority, "controller-manager", user),
        },
    )


def scheduler(authority: Authority) -> Component:
    """The scheduler."""
    user = Subject("system:kube-scheduler")
    return Component(
        name="scheduler",
        argv=(KUBE, "scheduler", *_as_user("scheduler")),
        files={"scheduler.kubeconfig": _kubeconfig(authority, "scheduler", user)},
    )


def _as_user(component: str) -> list[str]:
    path = f"{ETC}/{component}.kubeconfig"
    flags = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    # One of each runs, so none has to be elected. By default a controller may ask for 20 things a
    # second: 10,000 Nodes that join would keep their first taint for half an hour.
    rates = ("--kube-api-qps=300", "--kube-api-burst=600")
    return [*(f"--{flag}={path}" for flag in flags), "--leader-elect=false", *rates]


def _kubeconfig(authority: Authority, name: str, user: Subject) -> str:
    pair = authority.certificate(name, user)
    return kubeconfig(API_URL, authority.authority.public, pair)


def _pair(name: str, pair: KeyPair) -> dict[str, str]:
    return {f"pki/{name}.crt": pair.public, f"pki/{name}.key": pair.private}
