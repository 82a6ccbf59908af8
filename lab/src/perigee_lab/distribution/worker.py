"""The components that make a machine a node of the cluster: containerd, kubelet, kube-proxy."""

import json
from pathlib import Path
from typing import Any, Final

import yaml

from perigee_api.names import SATELLITE_LABEL, SATELLITE_TAINT
from perigee_lab import addresses, mounts, pause
from perigee_lab.certificates import Authority, Subject
from perigee_lab.distribution.component import ETC, Component
from perigee_lab.distribution.control_plane import API_URL, KUBE
from perigee_lab.kubeconfig import kubeconfig
from perigee_lab.state import ARCHITECTURE_LABEL, Node

CONTAINERD_SOCKET: Final = "/run/containerd/containerd.sock"

_CNI_PLUGINS: Final = "/usr/lib/cni"
_CNI_CONFIGURATION: Final = f"{ETC}/cni"


def containerd(node: Node, snapshotter: str) -> Component:
    """The container runtime.

    Args:
        node: whose runtime it is.
        snapshotter: how layers are stacked: overlayfs, or native where that does not work.
    """
    return Component(
        name="containerd",
        argv=("containerd", f"--config={ETC}/containerd.toml"),
        files={
            "containerd.toml": _containerd_configuration(snapshotter),
            "cni/10-perigee.conflist": json.dumps(pod_network(node), indent=2),
        },
        socket=CONTAINERD_SOCKET,
    )


def kubelet(node: Node, authority: Authority, group: str) -> Component:
    """The kubelet.

    Args:
        node: whose kubelet it is.
        authority: signs its certificate.
        group: the control group that it keeps its pods under.
    """
    subject = Subject(
        f"system:node:{node.name}", ("system:nodes",), (node.name, addresses.node(node.index))
    )
    pair = authority.certificate(f"node-{node.name}", subject)
    flags = [
        f"--config={ETC}/kubelet.yaml",
        f"--kubeconfig={ETC}/kubelet.kubeconfig",
        f"--hostname-override={node.name}",
        f"--node-ip={addresses.node(node.index)}",
        *registration(node),
    ]
    return Component(
        name="kubelet",
        argv=(KUBE, "kubelet", *flags),
        files={
            "kubelet.yaml": yaml.safe_dump(kubelet_configuration(group), sort_keys=False),
            "kubelet.kubeconfig": kubeconfig(API_URL, authority.authority.public, pair),
            "kubelet-ca.crt": authority.authority.public,
            "kubelet.crt": pair.public,
            "kubelet.key": pair.private,
        },
    )


def proxy(node: Node, authority: Authority) -> Component:
    """kube-proxy: Services, by rules of iptables in the node's network namespace."""
    pair = authority.certificate("proxy", Subject("system:kube-proxy"))
    return Component(
        name="proxy",
        argv=(
            KUBE,
            "proxy",
            f"--kubeconfig={ETC}/proxy.kubeconfig",
            f"--hostname-override={node.name}",
            "--proxy-mode=iptables",
            f"--cluster-cidr={addresses.POD_CIDR}",
            # The sizes of connection tracking are the whole host's: leave them alone.
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0",
        ),
        files={"proxy.kubeconfig": kubeconfig(API_URL, authority.authority.public, pair)},
    )


def registration(node: Node) -> list[str]:
    """Flags that say as what a node joins."""
    # The kubelet knows its own architecture better: see the module pretence.
    labels = {key: value for key, value in node.labels.items() if key != ARCHITECTURE_LABEL}
    flags = []
    if node.is_satellite:
        labels = {SATELLITE_LABEL: "true", **labels}
        flags.append(f"--register-with-taints={SATELLITE_TAINT}=true:NoSchedule")
    if labels:
        pairs = ",".join(f"{key}={value}" for key, value in labels.items())
        flags.append(f"--node-labels={pairs}")
    return flags


def pod_network(node: Node) -> dict[str, Any]:
    """The node's CNI configuration list.

    A routed pair of interfaces for each pod (plugin ptp): packets between two pods of a node pass
    the rules of Services too, which on a bridge they would not without a kernel module.
    """
    return {
        "cniVersion": "1.0.0",
        "name": "perigee",
        "plugins": [
            {
                "type": "ptp",
                "ipam": {
                    "type": "host-local",
                    # Gone when the node loses power, as its pods are.
                    "dataDir": "/run/cni",
                    "ranges": [[{"subnet": addresses.pods(node.index)}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def kubelet_configuration(group: str) -> dict[str, Any]:
    """The kubelet's own configuration: everything beneath the node's directories."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"x509": {"clientCAFile": f"{ETC}/kubelet-ca.crt"}},
        "tlsCertFile": f"{ETC}/kubelet.crt",
        "tlsPrivateKeyFile": f"{ETC}/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{group}",
        "failSwapOn": False,
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        # The nodes share the host's disk and memory: one must not clear its images away or end
        # its pods because of what the others use.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        # Names are not resolved here.
        "resolvConf": "",
    }


def snapshotter_for(directory: Path) -> str:
    """How containerd can stack layers in a directory: overlays do not stack on an overlay."""
    kinds = {mount.point: mount.kind for mount in mounts.here()}
    kind = next(kinds[point] for point in (directory, *directory.parents) if point in kinds)
    return "native" if kind == "overlay" else "overlayfs"


def _containerd_configuration(snapshotter: str) -> str:
    return f"""\
version = 2

[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE nobody may lower a process's score, as kubelets want it of runc.
  restrict_oom_score_adj = true
  sandbox_image = "{pause.IMAGE}"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{_CNI_PLUGINS}"
    conf_dir = "{_CNI_CONFIGURATION}"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
"""
