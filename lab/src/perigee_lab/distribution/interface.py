"""What a lab needs to know of the Kubernetes distribution it runs.

The lab makes machines, links and the way in from the host; a distribution says which programs
run on them. Upstream's components, built here, are one; K3s's single binary would be another,
with one component for the ground and one for a satellite.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from perigee_lab.distribution.component import Component
from perigee_lab.progress import Report
from perigee_lab.state import Layout, Node, State


class Distribution(Protocol):
    """A Kubernetes distribution."""

    def obtain(self, report: Report) -> None:
        """Get the programs ready on this machine. Called before all else; cheap if they are."""

    @property
    def programs(self) -> Mapping[str, Path]:
        """Directories of programs, each seen on every node as a folder of `component.BIN`."""

    @property
    def kubectl(self) -> Path:
        """kubectl, for the host."""

    @property
    def ctr(self) -> Sequence[str]:
        """The command, on a node, that loads images into the kubelet's containerd."""

    @property
    def api_url(self) -> str:
        """Of the API server, within the lab's own network."""

    def initial_images(self) -> Sequence[Path]:
        """Archives (docker-archive) of the images that a node has before its kubelet starts."""

    def api(self, state: State, layout: Layout) -> Sequence[Component]:
        """What the ground runs for the API server to answer, in the order of starting.

        Where `pretence.policies` has something for the state, it must know such policies.
        """

    def controllers(self, state: State, layout: Layout) -> Sequence[Component]:
        """What the ground runs beside it, once it answers."""

    def runtime(self, state: State, layout: Layout, node: Node) -> Sequence[Component]:
        """What a node runs before it can be given images."""

    def kubelet(self, state: State, layout: Layout, node: Node) -> Sequence[Component]:
        """What a node runs to join the cluster, once it has the initial images."""

    def admin_kubeconfig(self, layout: Layout, server: str) -> str:
        """Kubeconfig of a user who may do everything, for an API server at a URL."""
