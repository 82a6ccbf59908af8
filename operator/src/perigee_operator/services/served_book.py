"""What satellites have counted of the requests that their models answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from perigee_api.served import ServedBlock
from perigee_operator.domain.analysis.tally import NOTHING, Tally, tally_of
from perigee_operator.domain.fleet import HeartbeatView, ModelView, PodView
from perigee_operator.services.recent_drift import RecentDrift

Revision = tuple[str, str, str]
"""Namespace, model and revision."""

UNDER_WAY: Final = timedelta(seconds=15)
"""No heartbeat takes longer to come: agents give one up after 10 s."""


@dataclass(frozen=True, slots=True)
class Served:
    """A block, and where and when it was counted."""

    node: str
    heard_at: datetime
    """On the ground's clock."""
    block: ServedBlock

    @property
    def ended_at(self) -> datetime:
        """On the ground's clock, too late by as long as the heartbeat took."""
        return self.heard_at - timedelta(seconds=self.block.age_s)

    @property
    def begun_at(self) -> datetime:
        """Likewise."""
        return self.ended_at - timedelta(seconds=self.block.lasted_s)


@dataclass(frozen=True, slots=True)
class _Host:
    """A Pod, and whose it is."""

    model: ModelView
    pod: PodView


class ServedBook:
    """Takes each block for once, however many heartbeats have it.

    Nothing of it is kept over a restart. A block that had ended before this operator began may
    have been counted by the one before, so it is passed over: evidence is lost, and none made up.

    Args:
        begun_at: when the operator began, on the ground's clock.
    """

    def __init__(self, begun_at: datetime) -> None:
        self._from = begun_at + UNDER_WAY
        self._told: list[Served] = []
        self._last: dict[tuple[str, str], int] = {}
        """By Pod and run: the number of the last block."""
        self._hosts: dict[str, _Host] = {}
        """By the Pod's uid."""
        self._models: tuple[ModelView, ...] = ()
        self._sums: dict[Revision, Tally] = {}
        self._drifts: dict[Revision, RecentDrift] = {}

    @property
    def sums(self) -> Mapping[Revision, Tally]:
        """What each revision has counted on all satellites since the operator began."""
        return MappingProxyType(self._sums)

    @property
    def drifts(self) -> Mapping[Revision, RecentDrift]:
        """How far what each was asked lately is from its golden set."""
        return MappingProxyType(self._drifts)

    def hear(self, node: str, heartbeat: HeartbeatView) -> None:
        """A heartbeat of a Node's agent."""
        for block in (heartbeat.report.served if heartbeat.report else None) or ():
            self._told.append(Served(node, heartbeat.arrived_at, block))

    def settle(self, models: tuple[ModelView, ...]) -> Mapping[str, tuple[Served, ...]]:
        """What was heard since the last time, by the model's uid.

        Only a Pod that is known to be on that satellite is believed; of one that is not known yet
        the next heartbeat tells again.
        """
        self._keep(models)
        told, self._told = self._told, []
        found: dict[str, tuple[Served, ...]] = {}
        for each in told:
            host = self._hosts.get(each.block.pod)
            if host is None or host.pod.node != each.node or not self._is_new(each):
                continue
            if each.ended_at > self._from and _is_known(host.model, each.block.revision):
                self._add(host.model, each)
                found[host.model.uid] = (*found.get(host.model.uid, ()), each)
        return found

    def _is_new(self, told: Served) -> bool:
        run, sequence = (told.block.pod, told.block.run), told.block.sequence
        if sequence <= self._last.get(run, -1):
            return False
        self._last[run] = sequence
        return True

    def _add(self, model: ModelView, told: Served) -> None:
        block, heard_at = told.block, told.heard_at
        revision = (model.namespace, model.name, block.revision)
        self._sums[revision] = self._sums.get(revision, NOTHING) + tally_of(block.counts)
        if block.features is not None:
            drift = self._drifts.setdefault(revision, RecentDrift(heard_at))
            drift.take(block.features, heard_at)

    def _keep(self, models: tuple[ModelView, ...]) -> None:
        """Forgets Pods and revisions that are no more."""
        if models is self._models:
            return
        self._models = models
        self._hosts = {pod.uid: _Host(model, pod) for model in models for pod in model.pods}
        self._last = {run: n for run, n in self._last.items() if run[0] in self._hosts}
        known = set(_revisions(models))
        self._sums = {each: sums for each, sums in self._sums.items() if each in known}
        self._drifts = {each: drift for each, drift in self._drifts.items() if each in known}


def _is_known(model: ModelView, revision: str) -> bool:
    return any(view.name == revision for view in model.revisions)


def _revisions(models: Iterable[ModelView]) -> Iterable[Revision]:
    return ((m.namespace, m.name, view.name) for m in models for view in m.revisions)
