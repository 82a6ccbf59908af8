"""Whether a station can hear at all: what others that passed over it show.

Heartbeats do not say which station they came through. A satellite that is heard while it is in
sight of one station alone proves that station's ears; in sight of several, that one of them hears.
Two plans that name no station need not mean the same one: such contacts show nothing of others.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Final

from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.liveness.contact_clock import SureContact, sure_contacts
from perigee_operator.domain.liveness.silence import LEAST_PASS_S, suspect_after_s
from perigee_operator.domain.liveness.unbroken import LONGEST_PAUSE
from perigee_operator.domain.orbit.contacts import Contacts

Stations = frozenset[str | None]

LEAST_MISSED: Final = 3
"""Satellites that a station misses in a row before it is suspect."""


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of a satellite, and those before it without a long pause."""

    of: str
    since: datetime
    at: datetime
    stations: Stations
    """One of them carried the last."""
    contacts: Contacts

    def proof(self, station: str | None, among: Stations, until: datetime) -> datetime | None:
        """When the station is known to have heard, as late as may be.

        Args:
            station: the one asked about.
            among: what these carried together counts as carried by it.
            until: not after that.
        """
        if self.since > until:
            return None
        at, stations = self.at, self.stations
        if at > until:
            # One of the signs before came within the longest pause, through whom it saw then.
            at = max(self.since, until - LONGEST_PAUSE)
            stations = _in_sight(self.contacts, at, until)
        return at if station in stations and stations <= among else None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nobody can say that a satellite would have been heard in a contact."""

    stations: tuple[str, ...]
    """All that saw it."""
    since: datetime | None
    """When somebody was last heard through one of them; None where that is not known."""


class Ears:
    """What the satellites that are in service say of the stations; found out when it is asked for.

    Args:
        satellites: those in service, and not Lost. They are asked for when they are needed.
        now: when it is asked for.
        signs: their last signs of life, by name, as far as these are known already. What is not
            is found out and added.
    """

    def __init__(
        self,
        satellites: Iterable[SatelliteView],
        now: datetime,
        signs: MutableMapping[str, Sign | None] | None = None,
    ) -> None:
        self._given = satellites
        self._now = now
        self._known = {} if signs is None else signs

    def doubt(self, contact: SureContact, name: str) -> Doubt | None:
        """What speaks against the stations of a contact, rather than against the satellite.

        A station is suspect where, since somebody was last heard through it early enough, at least
        three satellites have passed over it in silence, this one included. Of fewer nobody can
        tell. One station of the contact that is beyond doubt is enough, and so is one without a
        name: nobody knows which other satellites it sees.
        """
        proofs: list[datetime] = []
        stations = sorted(station for station in contact.stations if station is not None)
        if len(stations) < len(contact.stations):
            return None
        for station in stations:
            proven_at = self._proven_at(station, contact, name)
            if not self._is_suspect(station, name, proven_at):
                return None
            proofs += [] if proven_at is None else [proven_at]
        return Doubt(tuple(stations), max(proofs, default=None))

    @cached_property
    def _satellites(self) -> tuple[SatelliteView, ...]:
        return tuple(self._given)

    @cached_property
    def _signs(self) -> list[Sign]:
        return [sign for sign in map(self._sign, self._satellites) if sign is not None]

    def _sign(self, satellite: SatelliteView) -> Sign | None:
        if satellite.name not in self._known:
            self._known[satellite.name] = _last_sign(satellite)
        return self._known[satellite.name]

    def _proven_at(self, station: str, contact: SureContact, name: str) -> datetime | None:
        """When the station has surely heard somebody else, as late as may be."""
        # A station that was deaf until the pass was nearly over has not listened to it.
        latest = (contact.end or self._now) - timedelta(seconds=LEAST_PASS_S)
        proofs = (
            sign.proof(station, contact.stations, latest) for sign in self._signs if sign.of != name
        )
        return max((at for at in proofs if at is not None), default=None)

    def _is_suspect(self, station: str, name: str, proven_at: datetime | None) -> bool:
        others = (
            other
            for other in self._satellites
            if other.name != name and _is_missed(other, station, proven_at, self._now)
        )
        enough = LEAST_MISSED - 1
        return len(tuple(islice(others, enough))) == enough


def _last_sign(satellite: SatelliteView) -> Sign | None:
    at = heard_at(satellite)
    if at is None:
        return None
    contacts, since = satellite.contacts, satellite.heard_since or at
    return Sign(satellite.name, since, at, _in_sight(contacts, at, at), contacts)


def _in_sight(contacts: Contacts, since: datetime, until: datetime) -> Stations:
    """The stations that a satellite saw between two moments, both counted."""
    windows = contacts.between(since, until + timedelta(microseconds=1))
    return frozenset(window.station for window in windows)


def heard_at(satellite: SatelliteView) -> datetime | None:
    """When the satellite's agent or its kubelet was heard last."""
    agent_at = satellite.heartbeat.arrived_at if satellite.heartbeat else None
    signs = (agent_at, satellite.kubelet_arrived_at)
    return max((at for at in signs if at is not None), default=None)


def _is_missed(
    satellite: SatelliteView, station: str | None, proven_at: datetime | None, now: datetime
) -> bool:
    """Whether a satellite has been in sight of a station since then and was not heard at all.

    Where others saw it, too, they are deaf as well, or it is dead: neither speaks for the station.
    """
    own_at = heard_at(satellite)
    if own_at is None:
        return False  # It may never have been there.
    since = own_at if proven_at is None else max(proven_at, own_at)
    if (now - since).total_seconds() < LEAST_PASS_S:
        return False
    least_s = max(LEAST_PASS_S, suspect_after_s(satellite))
    return any(
        station in contact.stations
        and (contact.opens > own_at or contact.end is None)
        and contact.seconds(since, now) >= least_s
        for contact in sure_contacts(satellite.contacts, since, now)
    )
