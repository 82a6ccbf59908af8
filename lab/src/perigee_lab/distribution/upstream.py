"""Upstream's components built from source, with kine on SQLite in the place of etcd."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from perigee_lab import builds, cgroups, pause, pretence
from perigee_lab.certificates import Authority, Subject
from perigee_lab.distribution import control_plane, worker
from perigee_lab.distribution.component import Component
from perigee_lab.kubeconfig import kubeconfig
from perigee_lab.progress import Report, Silent
from perigee_lab.state import Layout, Node, State

_PROGRAMS: Final = (builds.KUBERNETES, builds.KINE)


class Upstream:
    """Kubernetes and kine as they are released, containerd and runc as Debian has them."""

    ctr = ("ctr", f"--address={worker.CONTAINERD_SOCKET}", "--namespace=k8s.io")

    def obtain(self, report: Report) -> None:
        """Build what is not built yet."""
        for program in _PROGRAMS:
            builds.built(program, report)
        pause.archive(report)

    @property
    def programs(self) -> Mapping[str, Path]:
        """Where kubernetes and kine are."""
        return {program.folder: builds.built(program, Silent()) for program in _PROGRAMS}

    @property
    def kubectl(self) -> Path:
        """kubectl, of the same build as everything else."""
        return builds.tool("kubectl")

    @property
    def api_url(self) -> str:
        """At the ground's address."""
        return control_plane.API_URL

    def initial_images(self) -> Sequence[Path]:
        """The image that holds a pod's namespaces."""
        return [pause.archive(Silent())]

    def api(self, state: State, layout: Layout) -> Sequence[Component]:
        """Kine and the API server."""
        api_server = control_plane.api_server(
            _authority(layout), mutating_policies=any(pretence.policies(state))
        )
        return [control_plane.kine(), api_server]

    def controllers(self, state: State, layout: Layout) -> Sequence[Component]:
        """Controller manager and scheduler; without the API server's roles they would end."""
        authority = _authority(layout)
        controllers = control_plane.controller_manager(authority, node_grace_s=state.node_grace_s)
        return [controllers, control_plane.scheduler(authority)]

    def runtime(self, state: State, layout: Layout, node: Node) -> Sequence[Component]:
        """Only containerd."""
        del state
        return [worker.containerd(node, worker.snapshotter_for(layout.directory))]

    def kubelet(self, state: State, layout: Layout, node: Node) -> Sequence[Component]:
        """Kubelet and kube-proxy."""
        authority = _authority(layout)
        group = cgroups.of_node(state.name, node.name)
        return [worker.kubelet(node, authority, group), worker.proxy(node, authority)]

    def admin_kubeconfig(self, layout: Layout, server: str) -> str:
        """Of a member of system:masters, who may do everything whatever the roles say."""
        authority = _authority(layout)
        admin = authority.certificate("admin", Subject("perigee-lab", ("system:masters",)))
        return kubeconfig(server, authority.authority.public, admin)


def _authority(layout: Layout) -> Authority:
    return Authority(layout.certificates, dt.datetime.now(dt.UTC))
