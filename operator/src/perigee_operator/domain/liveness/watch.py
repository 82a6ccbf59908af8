"""The phase of every satellite of a fleet, found out with as few looks as possible."""

import heapq
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import Hearing, SatelliteView
from perigee_operator.domain.liveness.ears import Ears, Sign
from perigee_operator.domain.liveness.held_losses import LossHeld, held_losses
from perigee_operator.domain.liveness.loss_budget import is_in_service
from perigee_operator.domain.liveness.phase import Assessment, assess
from perigee_operator.domain.liveness.returns import held_returns
from perigee_operator.domain.roster import Roster
from perigee_operator.domain.rows import Rows

LEAST_STEP = timedelta(microseconds=1)
"""Moments are rounded to this: a change that is due is not looked for twice at one moment."""

TURN = timedelta(seconds=1)
"""Those that wait for their turn to come back are looked at this often."""
WAITS = "It is heard again, and comes back when those before it are settled."

_STAY = frozenset({SatellitePhase.LOST, SatellitePhase.MAINTENANCE, SatellitePhase.PENDING})
"""From Lost to these is no return."""


class Watch:
    """Assessments, kept from look to look: what cannot have changed is not assessed again.

    It decides nothing by itself: a watch that has just begun finds the same.
    """

    def __init__(self) -> None:
        self._rows = Rows()
        self._views: dict[str, SatelliteView] = {}
        self._assessments: dict[str, Assessment] = {}
        self._changed: set[str] = set()
        self._follows_hearing: set[str] = set()
        self._losing: set[str] = set()
        self._returning: set[str] = set()
        self._heeded: set[str] = set()
        self._audible: set[str] = set()
        self._signs: dict[str, Sign | None] = {}
        """The last of each that somebody has asked for, by name; of views that are as they were."""
        self._due: dict[str, datetime] = {}
        self._queue: list[tuple[datetime, str]] = []
        """Dues by time; those that no longer hold are passed over."""
        self._hearing: tuple[datetime | None, bool] | None = None
        self._next_turn: datetime | None = None
        """When to look again whose turn it is to come back."""
        self.assessed: list[str] = []
        """Names of those that were assessed in the last look."""

    def see(self, roster: Roster) -> None:
        """These are all satellites there are now."""
        for row in self._rows.changed(roster.names, roster.views):
            self.see_one(roster.views[row])
        if len(self._views) > len(roster.views):
            for name in self._views.keys() - set(roster.names):
                self._forget(name)

    def see_one(self, view: SatelliteView) -> None:
        """A satellite is new, or not as it was; the others are as they were."""
        self._views[view.name] = view
        self._changed.add(view.name)
        self._signs.pop(view.name, None)
        _note(self._heeded, view.name, holds=_is_heeded(view))
        _note(self._audible, view.name, holds=_is_audible(view))

    def look(
        self, hearing: Hearing, budget_percent: float, now: datetime
    ) -> tuple[Mapping[str, Assessment], dict[str, LossHeld]]:
        """Assessments by satellite's name, and the losses among them that are held.

        Args:
            hearing: what the ground's ears are worth.
            budget_percent: share of the fleet that may become Lost within an hour without a human.
            now: the moment; not before that of the last look.
        """
        hearing = replace(hearing, alone=len(self._audible) <= 1)
        ears = Ears((self._views[name] for name in self._heeded), now, self._signs)
        self.assessed = self._in_question(hearing, now)
        for name in self.assessed:
            self._assess(name, hearing, ears, now)
        losing = {name: self._assessments[name] for name in sorted(self._losing)}
        held = held_losses(self._views, losing, budget_percent, now) if losing else {}
        others = {name: replace(losing[name], phase=SatellitePhase.SUSPECT) for name in held}
        others |= self._held_back(now)
        return self._assessments | others, held

    def next_due(self) -> datetime | None:
        """When time alone will change an assessment."""
        dues = (self._next_assessment(), self._next_turn)
        return min((each for each in dues if each is not None), default=None)

    def _next_assessment(self) -> datetime | None:
        while self._queue and self._due.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def _held_back(self, now: datetime) -> dict[str, Assessment]:
        """Those that are heard again and whose turn it is not yet: they stay Lost for now."""
        waiting = held_returns(self._views, self._returning, now) if self._returning else ()
        self._next_turn = now + TURN if waiting else None
        return {
            name: replace(self._assessments[name], phase=SatellitePhase.LOST, message=WAITS)
            for name in waiting
        }

    def _in_question(self, hearing: Hearing, now: datetime) -> list[str]:
        names = self._changed | self._follows_hearing
        while (due := self._next_assessment()) is not None and due <= now:
            names.add(heapq.heappop(self._queue)[1])
        ground = (hearing.observing_since, hearing.alone)
        if ground != self._hearing:
            self._hearing = ground
            names |= self._views.keys()
        self._changed = set()
        return sorted(names & self._views.keys())

    def _assess(self, name: str, hearing: Hearing, ears: Ears, now: datetime) -> None:
        view = self._views[name]
        found = assess(view, hearing, ears, now)
        self._assessments[name] = found
        self._note_due(name, found.next_change_s, now)
        is_loss = found.phase is SatellitePhase.LOST
        was_lost = view.status.phase is SatellitePhase.LOST
        _note(self._losing, name, holds=is_loss and not was_lost)
        _note(self._returning, name, holds=was_lost and found.phase not in _STAY)
        _note(self._follows_hearing, name, holds=found.follows_hearing)

    def _note_due(self, name: str, left_s: float | None, now: datetime) -> None:
        if left_s is None:
            self._due.pop(name, None)
            return
        due = now + max(timedelta(seconds=left_s), LEAST_STEP)
        if self._due.get(name) != due:
            self._due[name] = due
            heapq.heappush(self._queue, (due, name))

    def _forget(self, name: str) -> None:
        del self._views[name]
        self._assessments.pop(name, None)
        self._due.pop(name, None)
        self._signs.pop(name, None)
        states = (self._follows_hearing, self._losing, self._returning)
        for names in (self._changed, *states, self._heeded, self._audible):
            names.discard(name)


def fleet_phases(
    satellites: Mapping[str, SatelliteView],
    hearing: Hearing,
    budget_percent: float,
    now: datetime,
) -> tuple[Mapping[str, Assessment], dict[str, LossHeld]]:
    """What a watch that has just begun finds: see `Watch.look`."""
    watch = Watch()
    watch.see(Roster(tuple(satellites.values())))
    return watch.look(hearing, budget_percent, now)


def _note(names: set[str], name: str, *, holds: bool) -> None:
    if holds:
        names.add(name)
    else:
        names.discard(name)


def _is_heeded(satellite: SatelliteView) -> bool:
    """Whether what is heard of it, or not, says anything of the ground."""
    return is_in_service(satellite) and satellite.status.phase is not SatellitePhase.LOST


def _is_audible(satellite: SatelliteView) -> bool:
    """Whether it could be heard, and so show that the ground hears, whatever its phase.

    One that is Lost may come back. One that is out of service counts only if it was ever heard:
    it may not be in orbit yet.
    """
    if satellite.spec is not None and satellite.spec.decommissioned:
        return False
    return is_in_service(satellite) or satellite.heartbeat is not None
