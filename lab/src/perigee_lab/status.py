"""What of a lab is running."""

from dataclasses import dataclass
from typing import Any

from perigee_lab import cgroups, cluster, network, processes
from perigee_lab.assembly import Assembly
from perigee_lab.errors import LabError
from perigee_lab.state import Node, State


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """What of a node is running."""

    name: str
    on: bool
    """Whether the machine runs at all."""
    ready: bool | None
    """What the cluster says of the Node; None if it says nothing."""
    link_up: bool | None
    """None for the ground, and for a satellite that is off."""
    kbit_s: int | None
    """Limit of the link in each direction; None is none."""
    components: dict[str, bool]
    """Which are alive."""
    memory_bytes: int | None
    """Resident memory of components and pods; None if it is off."""


@dataclass(frozen=True, slots=True)
class Status:
    """What of a lab is running."""

    name: str
    directory: str
    kubeconfig: str
    server: str
    api_ready: bool
    forwarder: bool
    """Whether the API server can be reached from the host."""
    nodes: list[NodeStatus]

    @property
    def healthy(self) -> bool:
        """Whether everything runs that should."""
        return (
            self.api_ready
            and self.forwarder
            and all(node.on and all(node.components.values()) for node in self.nodes)
        )


def status(state: State, assembly: Assembly) -> Status:
    """Look at the processes, the links and the cluster."""
    api_ready = assembly.cluster.is_ready()
    objects: dict[str, dict[str, Any]] = {}
    if api_ready:
        try:
            objects = assembly.cluster.nodes()
        except LabError:
            api_ready = False
    return Status(
        name=state.name,
        directory=str(assembly.layout.directory),
        kubeconfig=str(assembly.layout.kubeconfig),
        server=f"https://127.0.0.1:{state.api_port}",
        api_ready=api_ready,
        forwarder=processes.recall(assembly.layout.forwarder) is not None,
        nodes=[_node(state, node, assembly, objects) for node in state.nodes],
    )


def _node(
    state: State, node: Node, assembly: Assembly, objects: dict[str, dict[str, Any]]
) -> NodeStatus:
    machine = assembly.machine(node.name)
    on = machine.init is not None
    group = cgroups.of_node(state.name, node.name)
    known = objects.get(node.name)
    return NodeStatus(
        name=node.name,
        on=on,
        ready=None if known is None else cluster.is_ready(known),
        link_up=network.link_is_up(state.name, node.name) if node.is_satellite else None,
        kbit_s=node.link.kbit_s,
        components={name: machine.runs(name) for name in assembly.component_names(state, node)},
        memory_bytes=assembly.groups.memory_bytes(group) if on else None,
    )
