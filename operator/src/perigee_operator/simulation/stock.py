"""The rules of stock Kubernetes: what its node lifecycle controller makes of silence.

Source: Kubernetes 1.34, `pkg/controller/nodelifecycle` and `pkg/controller/tainteviction`, with the
defaults of kube-controller-manager and of the admission plugin DefaultTolerationSeconds.

- A kubelet renews its Lease every 10 s. A Node whose Lease was not renewed for 50 s
  (`node-monitor-grace-period`; looked at every 5 s) is not ready, its condition Unknown.
- Nodes that are not ready wait for the taint `node.kubernetes.io/unreachable:NoExecute`. Each look
  queues all of them anew, in no particular order; a token bucket with room for one says how many
  are tainted: 0.1 a second (`node-eviction-rate`) while the zone is normal.
- A zone is partially disrupted where more than two Nodes and at least 55 %
  (`unhealthy-zone-threshold`) are not ready. The rate is 0.01 a second then
  (`secondary-node-eviction-rate`), and none at all in a zone of up to 50 Nodes
  (`large-cluster-size-threshold`).
- Where no Node at all is ready (with one zone: full disruption) all taints are taken off, and none
  are put on.
- 300 s after the taint (`default-unreachable-toleration-seconds`) the Pods are deleted, unless the
  Node has come back before.

All Nodes are in one zone. That a Node is looked at every 5 s only is left out, as is the time that
the controllers themselves take: both would make stock Kubernetes slower.
"""

import math
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

import numpy as np

from perigee_operator.simulation.signals import Signals
from perigee_operator.simulation.timeline import Column, Event, column, in_time
from perigee_operator.simulation.tolerance import silences
from perigee_operator.simulation.truth import Truth
from perigee_operator.simulation.verdicts import Outcome, Verdict

NAME: Final = "Kubernetes 1.34"

GRACE_S: Final = 50.0
TOLERATION_S: Final = 300.0
UNHEALTHY_SHARE: Final = 0.55
UNHEALTHY_LEAST: Final = 2
LARGE_ZONE: Final = 50
RATE_HZ: Final = 0.1
SECONDARY_RATE_HZ: Final = 0.01

_STREAM: Final = 4


class Change(IntEnum):
    """How a Node's readiness changes."""

    READY = 0
    UNKNOWN = 1


class Limiter:
    """A token bucket with room for one, as client-go's flow control has it; full at first."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._full_s = -math.inf

    def ready_s(self, now_s: float) -> float:
        """When the next token can be taken; infinity where none ever can."""
        return max(now_s, self._full_s) if self.rate_hz else math.inf

    def take(self, now_s: float) -> None:
        """Takes one."""
        self._full_s = now_s + 1 / self.rate_hz

    def swap(self, rate_hz: float, now_s: float) -> None:
        """Another rate: what was empty, or gave nothing at all, is empty at first."""
        if rate_hz == self.rate_hz:
            return
        was_empty = self.ready_s(now_s) > now_s
        self.rate_hz, self._full_s = rate_hz, -math.inf
        if rate_hz and was_empty:
            self.take(now_s)


def rate_hz(nodes: int, not_ready: int) -> float:
    """Taints a second in the only zone there is."""
    if not_ready == nodes:
        return 0.0
    if not_ready > UNHEALTHY_LEAST and not_ready / nodes >= UNHEALTHY_SHARE:
        return SECONDARY_RATE_HZ if nodes > LARGE_ZONE else 0.0
    return RATE_HZ


class NodeLifecycle:
    """The controller: which Nodes are not ready, which are tainted, and whose Pods go.

    Args:
        rng: picks the next to be tainted.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._limiter = Limiter(RATE_HZ)
        self._joined: set[int] = set()
        self._waiting = _Crowd()
        self._tainted: dict[int, float] = {}
        """Since when, by Node; in order of time."""
        self._evicted: dict[int, float] = {}
        """When its Pods were deleted, by Node."""
        self._verdicts: list[Verdict] = []
        self._now_s = 0.0

    def run(self, changes: Iterable[Event], end_s: float) -> list[Verdict]:
        """Plays changes of readiness, in order of time, and tells whose Pods are deleted."""
        for at_s, kind, node, _ in changes:
            if at_s >= end_s:
                break
            self._advance(at_s)
            if kind == Change.READY:
                self._becomes_ready(node, at_s)
            else:
                self._waiting.add(node)
            self._judge_zone(at_s)
        self._advance(end_s)
        found = [*self._verdicts, *(Verdict(*each) for each in self._evicted.items())]
        return sorted(found, key=lambda verdict: verdict.at_s)

    def _advance(self, until_s: float) -> None:
        """Taints and evicts whoever is due."""
        while True:
            taint_s = self._limiter.ready_s(self._now_s) if len(self._waiting) else math.inf
            first = next(iter(self._tainted), None)
            evict_s = math.inf if first is None else self._tainted[first] + TOLERATION_S
            self._now_s = min(taint_s, evict_s, until_s)
            if self._now_s == until_s:
                return
            if first is not None and evict_s <= taint_s:
                del self._tainted[first]
                self._evicted.setdefault(first, evict_s)
            else:
                self._limiter.take(taint_s)
                self._tainted[self._waiting.pop(self._rng)] = taint_s

    def _becomes_ready(self, node: int, at_s: float) -> None:
        self._joined.add(node)
        self._waiting.discard(node)
        self._tainted.pop(node, None)
        evicted_s = self._evicted.pop(node, None)
        if evicted_s is not None:
            self._verdicts.append(Verdict(node, evicted_s, at_s))

    def _judge_zone(self, now_s: float) -> None:
        not_ready = len(self._waiting) + len(self._tainted) + len(self._evicted)
        if not_ready == len(self._joined):
            for node in self._tainted:
                self._waiting.add(node)
            self._tainted.clear()
        self._limiter.swap(rate_hz(len(self._joined), not_ready), now_s)


class _Crowd:
    """Nodes that wait, in no order: adding, taking out and drawing one cost the same for any."""

    def __init__(self) -> None:
        self._nodes: list[int] = []
        self._places: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def add(self, node: int) -> None:
        """One more."""
        self._places[node] = len(self._nodes)
        self._nodes.append(node)

    def discard(self, node: int) -> None:
        """One less, if it is there: the last takes its place."""
        place = self._places.pop(node, None)
        if place is None:
            return
        last = self._nodes.pop()
        if last != node:
            self._nodes[place] = last
            self._places[last] = place

    def pop(self, rng: np.random.Generator) -> int:
        """Takes any out."""
        node = self._nodes[int(rng.integers(len(self._nodes)))]
        self.discard(node)
        return node


def outcome(truth: Truth, signals: Signals) -> Outcome:
    """What stock Kubernetes makes of a scenario."""
    scenario = truth.scenario
    columns: list[Column] = []
    for number, runs in enumerate(signals.runs):
        unknown_s, ready_s = silences(runs, GRACE_S)
        columns.append(column(unknown_s, Change.UNKNOWN, number))
        ready_s = np.concatenate((runs.firsts_s[:1], ready_s[np.isfinite(ready_s)]))
        columns.append(column(ready_s, Change.READY, number))
    controller = NodeLifecycle(np.random.default_rng([scenario.seed, _STREAM]))
    return Outcome(NAME, tuple(controller.run(in_time(columns), scenario.end_s)))
