"""What a lab is, and where on disk it keeps what it has."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from perigee_lab.errors import LabError

GROUND: Final = "ground"
ARCHITECTURE_LABEL: Final = "kubernetes.io/arch"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Link:
    """A satellite's link to the ground, as it is wanted."""

    cut: bool = False
    kbit_s: int | None = None
    """Rate in each direction, kbit/s; None is as fast as the host."""


@dataclass(frozen=True, slots=True)
class Node:
    """The ground, or a satellite."""

    name: str
    index: int
    """0 is the ground; satellites count from 1."""
    labels: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    """Extended resources that the Node pretends to have, such as nvidia.com/gpu: 1."""
    link: Link = Link()

    @property
    def is_satellite(self) -> bool:
        """Whether this is a satellite and not the ground."""
        return self.index > 0


@dataclass(frozen=True, slots=True)
class State:
    """A lab as it is wanted."""

    name: str
    api_port: int
    """On the host's 127.0.0.1."""
    ground_runs_pods: bool
    nodes: tuple[Node, ...]
    """The ground first, then the satellites."""
    node_grace_s: int | None = None
    """A Node whose kubelet is silent for longer is marked; None: as Kubernetes has it."""

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            LabError: there is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        names = ", ".join(node.name for node in self.nodes)
        raise LabError(f"lab {self.name} has no node {name}; it has {names}")

    @property
    def kubelets(self) -> tuple[Node, ...]:
        """The nodes that run pods."""
        return tuple(node for node in self.nodes if node.is_satellite or self.ground_runs_pods)

    def with_node(self, changed: Node) -> "State":
        """The same lab with one node changed."""
        nodes = tuple(changed if node.name == changed.name else node for node in self.nodes)
        return replace(self, nodes=nodes)

    def with_port(self, port: int) -> "State":
        """The same lab with another port on the host."""
        return replace(self, api_port=port)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a lab's directory things are."""

    directory: Path

    @property
    def state(self) -> Path:
        """The lab as it is wanted, JSON."""
        return self.directory / "state.json"

    @property
    def certificates(self) -> Path:
        """The lab's certificate authority and what it has signed."""
        return self.directory / "pki"

    @property
    def kubeconfig(self) -> Path:
        """Of the administrator, for the host."""
        return self.directory / "kubeconfig"

    @property
    def forwarder(self) -> Path:
        """Record of the process that carries connections from the host to the API server."""
        return self.directory / "forwarder.json"

    def node(self, name: str) -> Path:
        """What one node has."""
        return self.directory / "nodes" / name

    def var_lib(self, name: str) -> Path:
        """What a node sees as /var/lib."""
        return self.node(name) / "var-lib"

    def log(self, name: str) -> Path:
        """What a node sees as /var/log."""
        return self.node(name) / "log"

    def processes(self, name: str) -> Path:
        """Records of a node's processes."""
        return self.node(name) / "processes"


def check_name(name: str) -> str:
    """Give the name of a lab back if it can be one.

    Raises:
        LabError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise LabError(
            f"{name!r} cannot name a lab: at most 32 characters, lower case letters, digits and '-'"
        )
    return name


def save(layout: Layout, state: State) -> None:
    """Write a lab's state, at once or not at all."""
    new = layout.state.with_suffix(".new")
    new.write_bytes(TypeAdapter(State).dump_json(state, indent=2))
    new.replace(layout.state)


def load(layout: Layout) -> State | None:
    """Read a lab's state; None where there is no lab.

    Raises:
        LabError: what is there is not a lab's state.
    """
    try:
        text = layout.state.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return TypeAdapter(State).validate_json(text)
    except ValidationError as error:
        raise LabError(
            f"{layout.state} cannot be read ({error.error_count()} errors in it);"
            " `perigee-lab down` clears the lab away"
        ) from error
