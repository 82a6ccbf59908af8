"""Whether a satellite has room for one more Pod.

Counted is what its Node says that it can allocate, and what Pods of models there have set aside.
What else runs there is the scheduler's to know.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from perigee_api import names
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.workloads.quantity import Amounts, spelt

BYTES: Final = frozenset({"memory", "ephemeral-storage"})


def claims(pods: Mapping[str, Iterable[PodView]]) -> dict[str, Amounts]:
    """What Pods have set aside, by Node; what is about to end makes room already."""
    found: dict[str, dict[str, int]] = {}
    for node, on_board in pods.items():
        for pod in on_board:
            if pod.requests and not pod.deleting:
                total = found.setdefault(node, {})
                for name, amount in pod.requests.items():
                    total[name] = total.get(name, 0) + amount
    return dict(found)


def without(satellite: Satellite, pods: Iterable[PodView]) -> Satellite:
    """A satellite as it would be with Pods gone that are counted in what is set aside on it."""
    claimed = dict(satellite.claimed)
    for pod in pods:
        for name, amount in pod.requests.items():
            claimed[name] = claimed.get(name, 0) - amount
    return replace(satellite, claimed=claimed)


def room_for(wanted: Amounts) -> Callable[[Satellite], bool]:
    """Whether a Pod that wants so much fits; a Node that says nothing of itself is taken to.

    Asked of each satellite for each model.
    """
    asked = [(name, amount) for name, amount in wanted.items() if amount > 0]

    def fits(satellite: Satellite) -> bool:
        allocatable, claimed = satellite.node.allocatable, satellite.claimed
        return not allocatable or all(
            allocatable.get(name, 0) - claimed.get(name, 0) >= amount for name, amount in asked
        )

    return fits if asked else lambda _: True


def shortage(satellite: Satellite, wanted: Amounts) -> str | None:
    """What a satellite has too little of, in a sentence; None if a Pod fits."""
    name = _lacking(satellite, wanted)
    if name is None:
        return None
    left, asked = (_told(name, amount) for amount in (_left(satellite, name), wanted[name]))
    what = "power" if name == names.POWER_RESOURCE else name
    return f"{satellite.name} has {left} of the {asked} of {what} asked for"


def _told(name: str, amount: int) -> str:
    """An amount as people write it; power is counted in thousandths of a watt."""
    if name == names.POWER_RESOURCE:
        return f"{amount / 1_000_000:g} W"
    return spelt(amount, binary=name in BYTES)


def _lacking(satellite: Satellite, wanted: Amounts) -> str | None:
    """The first resource of which there is not enough."""
    if not satellite.node.allocatable:
        return None
    for name, amount in wanted.items():
        if amount > 0 and _left(satellite, name) < amount:
            return name
    return None


def _left(satellite: Satellite, name: str) -> int:
    return satellite.node.allocatable.get(name, 0) - satellite.claimed.get(name, 0)
