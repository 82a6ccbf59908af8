"""A cluster that is not there: what the domain decides on, and what is written to it."""

from dataclasses import replace
from datetime import datetime

from perigee_api.satellite_node import (
    Liveness,
    Orbit,
    OrbitMeanElements,
    Place,
    SatelliteNodeSpec,
    SatelliteNodeStatus,
    SatellitePhase,
)
from perigee_operator.domain.fleet import Hearing, HeartbeatView, NodeView, SatelliteView
from perigee_operator.domain.liveness.contact_clock import sure_contact_s
from perigee_operator.domain.liveness.held_losses import LossHeld
from perigee_operator.domain.liveness.phase import Assessment
from perigee_operator.domain.liveness.phi import Rhythm, heard, planned
from perigee_operator.domain.liveness.unbroken import unbroken_since
from perigee_operator.domain.orbit.contacts import UNKNOWN, Contacts
from perigee_operator.domain.satellite_status import Sighting, satellite_status
from perigee_operator.simulation.constellation import plane_of
from perigee_operator.simulation.predictions import moment
from perigee_operator.simulation.rhythm import after_run
from perigee_operator.simulation.signals import Runs
from perigee_operator.simulation.truth import Truth

LONGEST_BREAK_S = 15.0
"""Between two signs of life, whosever, until the ground no longer counts as hearing: as in
`perigee_operator.storage.heartbeats`."""


class Cluster:
    """Satellites as an operator sees them.

    A run of heartbeats is one event, at its first: the view then shows the arrival of its last,
    which lies ahead. For the domain that is as if each had been told when it came, since within a
    run none is overdue.

    Args:
        truth: what the fleet is.
    """

    def __init__(self, truth: Truth) -> None:
        self.views = [_view(truth, number) for number in range(truth.scenario.satellites)]
        self.numbers = {view.name: number for number, view in enumerate(self.views)}
        self.hearing = Hearing(moment(0))

    def hear(self, number: int, runs: Runs, row: int) -> SatelliteView:
        """A run of heartbeats begins."""
        view = self.views[number]
        first, last = moment(float(runs.firsts_s[row])), moment(float(runs.lasts_s[row]))
        rhythm = view.rhythm
        if view.heartbeat is not None:
            pause_s = sure_contact_s(view.contacts, view.heartbeat.arrived_at, first)
            rhythm = heard(rhythm, pause_s) if pause_s > 0 else rhythm
        intervals = int(runs.counts[row]) - 1
        rhythm = after_run(
            rhythm, intervals, float(runs.means_s[row]), float(runs.deviations_s[row])
        )
        before = None if view.heartbeat is None else view.heartbeat.arrived_at
        since = unbroken_since(view.heard_since, before, first)
        beat = HeartbeatView(last, None, view.uid, None)
        self._note_sign(first, last)
        return self._put(number, replace(view, heartbeat=beat, heard_since=since, rhythm=rhythm))

    def foretell(self, number: int, contacts: Contacts) -> SatelliteView:
        """Contacts are computed from new elements."""
        return self._put(number, replace(self.views[number], contacts=contacts))

    def record(
        self, number: int, found: Assessment, held: LossHeld | None, now: datetime
    ) -> SatelliteView:
        """The status is written."""
        view = self.views[number]
        status = satellite_status(view, Sighting(found, held, ()), now)
        return self._put(number, replace(view, status=status))

    def restart(self, now: datetime) -> None:
        """The operator forgets all that is not written down, and listens anew."""
        self.hearing = Hearing(now)
        for number, view in enumerate(self.views):
            self._put(number, replace(view, rhythm=_written_down(view.rhythm)))
            if view.heartbeat is not None and view.heartbeat.arrived_at > now:
                self._note_sign(now, view.heartbeat.arrived_at)

    def _put(self, number: int, view: SatelliteView) -> SatelliteView:
        self.views[number] = view
        return view

    def _note_sign(self, first: datetime, last: datetime) -> None:
        since, until = self.hearing.heard_since, self.hearing.heard_until
        if until is None or (first - until).total_seconds() > LONGEST_BREAK_S:
            since = first
        until = last if until is None else max(until, last)
        self.hearing = replace(self.hearing, heard_since=since, heard_until=until)


def is_news(view: SatelliteView, found: Assessment) -> bool:
    """Whether an assessment is written down here.

    A phase that comes and goes with every pass is not: nothing that is decided depends on it.
    """
    status, missed = view.status, found.missed
    recorded = (status.missed_passes, status.missed_passes_since, status.passes_judged_until)
    return not found.stands and (
        (missed.count, missed.since, missed.judged_until) != recorded
        or (found.phase is not status.phase and not {found.phase, status.phase} <= _PASSING)
    )


_PASSING = frozenset(
    {
        SatellitePhase.IN_CONTACT,
        SatellitePhase.EXPECTED_DARK,
        SatellitePhase.MISSED_CONTACT,
        SatellitePhase.SUSPECT,
    }
)


def _written_down(rhythm: Rhythm) -> Rhythm:
    """As a status keeps it."""
    return replace(rhythm, mean_s=round(rhythm.mean_s, 3), deviation_s=round(rhythm.deviation_s, 3))


def _view(truth: Truth, number: int) -> SatelliteView:
    scenario = truth.scenario
    name = truth.name_of(number)
    limits = Liveness(
        heartbeat_interval=scenario.heartbeat_s,
        lost_after=scenario.lost_after_s,
        phi_threshold=scenario.phi_threshold,
        missed_passes=scenario.missed_passes,
    )
    orbit = _orbit(truth, number)
    plane = None if truth.is_site(number) else f"plane-{plane_of(number, scenario)}"
    return SatelliteView(
        name=name,
        uid=name,
        version="1",
        generation=1,
        spec=SatelliteNodeSpec(orbit=orbit, plane=plane, liveness=limits),
        spec_error=None,
        status=SatelliteNodeStatus(),
        consented_epoch=None,
        node=NodeView(name, name, {}, frozenset(), "arm64", ready=True),
        heartbeat=None,
        kubelet_arrived_at=None,
        heard_since=None,
        contacts=UNKNOWN,
        rhythm=planned(scenario.heartbeat_s),
    )


def _orbit(truth: Truth, number: int) -> Orbit:
    if truth.is_site(number):
        return Orbit(fixed=Place(latitude=0, longitude=0, height=0))
    own = truth.constellation[number]
    return Orbit(
        omm=OrbitMeanElements(
            epoch=own.epoch,
            mean_motion=own.mean_motion,
            eccentricity=own.eccentricity,
            inclination=own.inclination_deg,
            ra_of_asc_node=own.node_deg,
            arg_of_pericenter=own.perigee_deg,
            mean_anomaly=own.anomaly_deg,
        )
    )
