"""How well the contact plan of each satellite foretells when it is heard."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from perigee_api.satellite_node import SatelliteNodeStatus
from perigee_operator.domain.fleet import HeartbeatView
from perigee_operator.domain.liveness.plan_accuracy import (
    CONTACT_PLAN_ACCURATE,
    Offset,
    PlanAccuracy,
    after,
    timing,
)
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.services.views.satellites import SatelliteRecord


@dataclass(frozen=True, slots=True)
class _Entry:
    accuracy: PlanAccuracy
    last_at: datetime | None
    """The heartbeat that was taken note of last."""


class AccuracyBook:
    """What heartbeats have shown of the plans of all satellites, by uid.

    Args:
        heard_outside: called for each heartbeat that comes outside of predicted contact.
    """

    def __init__(self, heard_outside: Callable[[], None]) -> None:
        self._heard_outside = heard_outside
        self._entries: dict[str, _Entry] = {}

    def of(
        self, record: SatelliteRecord, heartbeat: HeartbeatView | None, contacts: Contacts
    ) -> PlanAccuracy:
        """What is known of a satellite's plan, its last heartbeat included.

        One that is seen for the first time goes on with what its status says.
        """
        entry = self._entries.get(record.uid) or _Entry(_recorded(record.status), None)
        if heartbeat is not None and heartbeat.arrived_at != entry.last_at:
            accuracy = self._after(entry.accuracy, heartbeat, contacts)
            entry = _Entry(accuracy, heartbeat.arrived_at)
        self._entries[record.uid] = entry
        return entry.accuracy

    def keep(self, uids: Collection[str]) -> None:
        """Forgets all other satellites."""
        for uid in self._entries.keys() - uids:
            del self._entries[uid]

    def _after(
        self, before: PlanAccuracy, heartbeat: HeartbeatView, contacts: Contacts
    ) -> PlanAccuracy:
        # The first that an operator sees may have been counted by the one before.
        seen = timing(contacts, heartbeat.arrived_at) if heartbeat.previous_at else None
        if seen is None:
            return before
        if seen.offset is not None:
            self._heard_outside()
        return after(before, seen)


def _recorded(status: SatelliteNodeStatus) -> PlanAccuracy:
    said = next((c.status for c in status.conditions if c.type == CONTACT_PLAN_ACCURATE), "Unknown")
    outside = status.heard_outside
    if said == "Unknown" or outside is None:
        return PlanAccuracy(accurate=True if said == "True" else None)
    worst = Offset(outside.offset, outside.station)
    return PlanAccuracy(accurate=said == "True", outside=outside.count, worst=worst)
