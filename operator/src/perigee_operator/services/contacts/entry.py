"""What the book knows of one satellite."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.contacts import (
    BEGINNING,
    PENDING,
    UNKNOWN,
    Contacts,
    Source,
    nothing,
)
from perigee_operator.domain.orbit.elements import Elements, elements_of
from perigee_operator.domain.orbit.horizon import (
    LOOK_AHEAD,
    Known,
    Piece,
    Urgency,
    planned_until,
    wanted_from,
)
from perigee_operator.domain.orbit.prediction import joined, without
from perigee_operator.domain.orbit.station import Station
from perigee_operator.domain.orbit.supplied import supplied_contacts
from perigee_operator.services.views.satellites import SatelliteRecord


@dataclass(slots=True)
class Entry:
    """A satellite and its contacts, as far as they are known."""

    name: str
    generation: int
    contacts: Contacts
    elements: Elements | None = None
    """None: its contacts are supplied, or its elements are no good."""
    fresh_until: datetime | None = None
    """When it is to be looked at anew; None: never."""
    begins: bool = False
    """Nothing can be computed before what is known."""
    outdated: bool = False
    """Stations have changed since it was computed."""
    named: frozenset[str] = frozenset()
    """The stations that a supplied plan names."""

    def stands(self, generation: int, now: datetime) -> bool:
        """Whether it need not be looked at anew."""
        is_fresh = self.fresh_until is None or now < self.fresh_until
        return is_fresh and self.generation == generation

    def known(self, uid: str) -> Known:
        """How far its contacts are known."""
        return Known(
            uid=uid,
            name=self.name,
            known_from=self.contacts.known_from,
            known_until=self.contacts.known_until,
            ends=self.contacts.error is not None,
            begins=self.begins,
            outdated=self.outdated,
        )

    def follow(self, previous: "Entry") -> None:
        """The elements have been renewed: what the old ones said stands until they are computed."""
        known = previous.contacts
        if previous.elements is not None and known.known_from < known.known_until:
            own = self.contacts
            self.contacts = replace(
                known, epoch=own.epoch, stale_from=own.stale_from, provisional=True
            )
            self.outdated = True

    def forget_stations(self, changed: frozenset[str]) -> None:
        """What these stations see is to be worked out anew.

        Where that takes time they see nothing until then; a supplied plan is looked at anew.
        """
        if not self.named.isdisjoint(changed):
            self.fresh_until = BEGINNING
        if self.elements is not None and self.contacts.known_from < self.contacts.known_until:
            self.contacts = replace(without(self.contacts, changed), provisional=True)
            self.outdated = True

    def take(self, found: Contacts, piece: Piece, back_to: datetime) -> None:
        """A piece has been computed."""
        found = replace(found, stale_from=self.contacts.stale_from)
        match piece.urgency:
            case Urgency.FIRST | Urgency.ANEW:
                self.contacts, self.outdated = found, False
                self.begins = found.known_from > piece.since or found.error is not None
            case Urgency.AHEAD:
                self.contacts = joined(self.contacts, found, back_to)
            case Urgency.BACK:
                self.begins = found.known_from > piece.since
                if found.known_until == self.contacts.known_from:
                    self.contacts = joined(found, self.contacts, back_to)
                else:
                    self.begins = True

    def give_up(self, error: Verdict) -> None:
        """It cannot be computed."""
        self.contacts = replace(nothing(Source.PROPAGATED, error), epoch=self.contacts.epoch)
        self.elements = None


def entry_of(
    record: SatelliteRecord,
    stations: Sequence[Station],
    stale_after: timedelta,
    back_to: datetime | None,
    now: datetime,
) -> Entry:
    """A satellite that is looked at for the first time, or after its orbit has changed."""
    if record.spec is None:
        return Entry(record.name, record.generation, UNKNOWN)
    orbit = record.spec.orbit
    found = elements_of(orbit, now)
    if isinstance(found, Elements):
        stale_from = found.epoch + stale_after
        pending = replace(PENDING, epoch=found.epoch, stale_from=stale_from)
        return Entry(record.name, record.generation, pending, found)
    until = planned_until(record.name, now)
    if found is not None:
        # A date that lies ahead is good one day.
        return Entry(
            record.name, record.generation, nothing(Source.PROPAGATED, found), fresh_until=until
        )
    contacts = supplied_contacts(orbit, wanted_from(back_to, now), until, stations)
    ends = until - LOOK_AHEAD if orbit.contacts is not None else None
    named = frozenset(plan.station for plan in orbit.contacts or () if plan.station is not None)
    return Entry(record.name, record.generation, contacts, fresh_until=ends, named=named)
