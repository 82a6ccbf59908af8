"""From what a user asks for to the state that a lab shall have. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from perigee_lab import addresses
from perigee_lab.errors import LabError
from perigee_lab.state import ARCHITECTURE_LABEL, GROUND, Node, State

DEFAULT_SATELLITES: Final = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What `up` was asked for. What is left out stays as it is."""

    satellites: int | None = None
    ground_runs_pods: bool = True
    node_grace_s: int | None = None
    """Of a lab that is new; see `State`."""
    architectures: Sequence[str] = ()
    """What the satellites pretend to be, in their order."""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By node."""
    resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Extended resources by node."""


def state(name: str, request: Request, before: State | None) -> State:
    """The lab that a request asks for, where there was one before or none.

    Raises:
        LabError: the request contradicts itself or the lab that is there.
    """
    count = _satellites(name, request, before)
    if len(request.architectures) > count:
        raise LabError(f"{len(request.architectures)} architectures for {count} satellites")
    ground = (Node(GROUND, 0),)
    new_lab = State(name, 0, request.ground_runs_pods, ground, request.node_grace_s)
    wanted = before or new_lab
    new = range(len(wanted.nodes), count + 1)
    wanted = replace(wanted, nodes=(*wanted.nodes, *(Node(f"sat-{index}", index) for index in new)))
    for node, labels in _labels(request).items():
        old = wanted.node(node)
        wanted = wanted.with_node(replace(old, labels={**old.labels, **labels}))
    for node, resources in request.resources.items():
        old = wanted.node(node)
        wanted = wanted.with_node(replace(old, resources={**old.resources, **resources}))
    return wanted


def _satellites(name: str, request: Request, before: State | None) -> int:
    present = 0 if before is None else len(before.nodes) - 1
    if request.satellites is None:
        return DEFAULT_SATELLITES if before is None else present
    if not 0 <= request.satellites <= addresses.MOST_SATELLITES:
        raise LabError(f"a lab has 0 to {addresses.MOST_SATELLITES} satellites")
    if request.satellites < present:
        raise LabError(
            f"lab {name} has {present} satellites and does not shrink; `perigee-lab down` first"
        )
    return request.satellites


def _labels(request: Request) -> dict[str, dict[str, str]]:
    labels = {node: dict(pairs) for node, pairs in request.labels.items()}
    for index, architecture in enumerate(request.architectures, start=1):
        labels.setdefault(f"sat-{index}", {})[ARCHITECTURE_LABEL] = architecture
    return labels
