"""How the heartbeats of each satellite come, learnt from those that have been seen."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from perigee_api.satellite_node import SatelliteNodeStatus
from perigee_operator.domain.fleet import HeartbeatView
from perigee_operator.domain.liveness.contact_clock import sure_contact_s
from perigee_operator.domain.liveness.phi import Rhythm, heard, planned
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.services.views.satellites import SatelliteRecord


@dataclass(frozen=True, slots=True)
class _Entry:
    rhythm: Rhythm
    last_at: datetime | None
    """The heartbeat that was taken note of last."""


class RhythmBook:
    """The rhythms of all satellites, by uid."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def of(
        self, record: SatelliteRecord, heartbeat: HeartbeatView | None, contacts: Contacts
    ) -> Rhythm:
        """The rhythm of a satellite, its last heartbeat included.

        One that is seen for the first time goes on with what its status says.
        """
        interval_s = _interval_s(record, heartbeat)
        entry = self._entries.get(record.uid)
        if entry is None or entry.rhythm.planned_s != interval_s:
            entry = _Entry(_recorded(record.status, interval_s), None)
        if heartbeat is not None and heartbeat.arrived_at != entry.last_at:
            entry = _Entry(_after(entry.rhythm, heartbeat, contacts), heartbeat.arrived_at)
        self._entries[record.uid] = entry
        return entry.rhythm

    def keep(self, uids: Collection[str]) -> None:
        """Forgets all other satellites."""
        for uid in self._entries.keys() - uids:
            del self._entries[uid]


def _interval_s(record: SatelliteRecord, heartbeat: HeartbeatView | None) -> float:
    wanted_s = record.spec.liveness.heartbeat_interval if record.spec else 0.0
    report = heartbeat.report if heartbeat else None
    return max(wanted_s, (report.heartbeat_interval_s or 0) if report else 0)


def _recorded(status: SatelliteNodeStatus, interval_s: float) -> Rhythm:
    if status.rhythm is None or status.rhythm.interval != interval_s:
        return planned(interval_s)
    found = status.rhythm
    return Rhythm(interval_s, found.mean, found.deviation, found.samples)


def _after(rhythm: Rhythm, heartbeat: HeartbeatView, contacts: Contacts) -> Rhythm:
    if heartbeat.previous_at is None:
        return rhythm
    interval_s = sure_contact_s(contacts, heartbeat.previous_at, heartbeat.arrived_at)
    return heard(rhythm, interval_s) if interval_s > 0 else rhythm
