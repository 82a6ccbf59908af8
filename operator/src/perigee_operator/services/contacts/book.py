"""The contacts of every satellite, over a horizon that moves with time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final, NoReturn

import structlog

from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.contacts import BEGINNING, END, NO_STATION, Contacts
from perigee_operator.domain.orbit.horizon import Piece, Urgency, next_piece, wanted_from
from perigee_operator.domain.orbit.station import Station
from perigee_operator.domain.rows import Rows, arranged
from perigee_operator.services.contacts.entry import Entry, entry_of
from perigee_operator.services.contacts.worker import Job, Worker, WorkerDiedError
from perigee_operator.services.views.satellites import SatelliteRecord

STALE_AFTER: Final = timedelta(days=14)
"""Elements older than that are not trusted, unless the user says otherwise."""
IDLE_S: Final = 60.0
"""The book looks at least this often whether a horizon has to roll on."""
RESTART_S: Final = 1.0
"""Between the death of a worker and the start of the next."""

FATAL: Final = Verdict(
    holds=False,
    reason="Unpropagable",
    message="The elements cannot be propagated: the process that computes them died of it twice.",
)


class ContactBook:
    """Knows the contacts of every satellite.

    At once where the mission supplies them, and else as soon as they are computed.

    Args:
        now: the ground's clock, UTC.
        stale_after: elements older than that are not trusted.
        on_change: called when contacts have become known that were not known before.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        stale_after: timedelta = STALE_AFTER,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._now = now
        self._stale_after = stale_after
        self._on_change = on_change
        self._entries: dict[str, Entry] = {}
        self._rows = Rows()
        self._fresh_until = BEGINNING
        """When one of the entries is to be looked at anew."""
        self._stations: tuple[Station, ...] = ()
        self._back_to: datetime | None = None
        self._wanted = asyncio.Event()
        self._suspects: set[str] = set()
        """Were being computed when the worker died: each is computed by itself."""
        self._log = structlog.get_logger(__name__)

    def of(
        self,
        satellites: Sequence[SatelliteRecord],
        stations: Sequence[Station],
        back_to: datetime | None = None,
    ) -> Mapping[str, Contacts]:
        """What is known of the contacts of these satellites, by uid; all others are forgotten.

        Args:
            satellites: all of the fleet.
            stations: all of them, too.
            back_to: from when on somebody counts contact, if that is long ago.
        """
        now = self._now()
        self._back_to = back_to
        self._meet(tuple(sorted(stations, key=lambda station: station.name)))
        uids = [record.uid for record in satellites]
        changed = self._rows.changed(uids, satellites)
        for row in changed if now < self._fresh_until else range(len(uids)):
            record = satellites[row]
            entry = self._entries.get(record.uid)
            if entry is None or not entry.stands(record.generation, now):
                self._entries[record.uid] = self._entry(record, now)
        self._entries = arranged(self._entries, uids)
        if changed or now >= self._fresh_until:
            ends = map(attrgetter("fresh_until"), self._entries.values())
            self._fresh_until = min(filter(None, ends), default=END)
        if not self._stations:
            return {uid: _unseen(entry) for uid, entry in self._entries.items()}
        known = map(attrgetter("contacts"), self._entries.values())
        return dict(zip(self._entries, known, strict=True))

    async def run(self, worker: Worker) -> NoReturn:
        """Computes what is missing, piece by piece, until cancelled."""
        while True:
            piece = self._next_piece()
            if piece is None:
                await self._pause()
            else:
                await self._compute(worker, piece)

    def _meet(self, stations: tuple[Station, ...]) -> None:
        if stations == self._stations:
            return
        before = self._stations
        changed = frozenset(
            s.name for s in (*before, *stations) if s not in before or s not in stations
        )
        for entry in self._entries.values():
            entry.forget_stations(changed)
        self._fresh_until = BEGINNING
        self._stations = stations
        self._wanted.set()

    def _entry(self, record: SatelliteRecord, now: datetime) -> Entry:
        """That of a satellite that is new, or has to be looked at anew."""
        known = self._entries.get(record.uid)
        entry = entry_of(record, self._stations, self._stale_after, self._back_to, now)
        if entry.elements is not None:
            if known is not None and known.elements == entry.elements:
                # Something else in the spec has changed.
                known.generation = record.generation
                return known
            if known is not None:
                entry.follow(known)
            self._suspects.discard(record.uid)
            self._wanted.set()
        return entry

    def _next_piece(self) -> Piece | None:
        self._wanted.clear()
        if not self._stations:
            return None
        now = self._now()
        known = [e.known(uid) for uid, e in self._entries.items() if e.elements is not None]
        piece = next_piece(known, len(self._stations), wanted_from(self._back_to, now), now)
        if piece is not None and not self._suspects.isdisjoint(piece.uids):
            return Piece(piece.urgency, piece.since, piece.until, self._alone(piece.uids))
        return piece

    def _alone(self, uids: tuple[str, ...]) -> tuple[str, ...]:
        """Those beyond suspicion together, and each of the others by itself."""
        sound = tuple(uid for uid in uids if uid not in self._suspects)
        return sound or uids[:1]

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(IDLE_S):
                await self._wanted.wait()
        except TimeoutError:
            return

    async def _compute(self, worker: Worker, piece: Piece) -> None:
        stations = self._stations
        asked = {uid: self._entries[uid] for uid in piece.uids}
        elements = tuple(e.elements for e in asked.values() if e.elements is not None)
        try:
            found = await worker.compute(Job(elements, stations, piece.since, piece.until))
        except WorkerDiedError:
            self._bury(asked)
            await asyncio.sleep(RESTART_S)
            return
        self._suspects -= asked.keys()
        if stations != self._stations:
            return
        for (uid, entry), contacts in zip(asked.items(), found, strict=True):
            if self._entries.get(uid) is entry:
                entry.take(contacts, piece, wanted_from(self._back_to, self._now()))
        if piece.urgency <= Urgency.ANEW:
            self._on_change()

    def _bury(self, asked: Mapping[str, Entry]) -> None:
        """The worker has died: of which satellite, if of one, shows when each is tried alone."""
        if len(asked) == 1 and not self._suspects.isdisjoint(asked):
            for entry in asked.values():
                entry.give_up(FATAL)
            self._on_change()
        self._suspects |= asked.keys()
        self._log.warning(
            "the process that computes contacts has died; another takes its place",
            satellites=[entry.name for entry in asked.values()][:5],
        )


def _unseen(entry: Entry) -> Contacts:
    """The contacts of a satellite where there is no station: those that are supplied."""
    return entry.contacts if entry.elements is None else NO_STATION
