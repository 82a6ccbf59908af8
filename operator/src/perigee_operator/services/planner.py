"""The one loop that decides: look, plan, write, and look again when something changes."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final, NoReturn

import structlog

from perigee_operator.domain.memory import Memory
from perigee_operator.domain.plan import plan
from perigee_operator.domain.resumption import BEGINNING, fitting_tracks
from perigee_operator.services.metrics import Metrics
from perigee_operator.services.patience import Patience
from perigee_operator.services.snapshot import Photographer
from perigee_operator.storage.outcomes import TrackOutcome
from perigee_operator.storage.writer import Writer

DEBOUNCE_S: Final = 0.1
"""Changes come in bursts: each sweep waits this long for the rest of its burst."""
RESTS: Final = 4
"""In a large fleet something changes all the time: planning takes a fifth of it at most."""
LONGEST_REST_S: Final = 5.0
"""But no longer: the more has changed meanwhile, the longer the next plan takes, and so on."""


class Planner:
    """Sweeps the fleet whenever it is woken, and at the latest when the plan says.

    Args:
        photographer: takes the snapshots.
        writer: performs the plans.
        metrics: is told of every sweep.
        changed: is set whenever something has changed.
        now: the ground's clock, UTC.
        monotonic: seconds that only ever grow.
    """

    def __init__(  # noqa: PLR0913 - a clock is passed in
        self,
        photographer: Photographer,
        writer: Writer,
        metrics: Metrics,
        changed: asyncio.Event,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._photographer = photographer
        self._writer = writer
        self._metrics = metrics
        self._now = now
        self._monotonic = monotonic
        self._changed = changed
        self._memory = Memory()
        self._resumption = BEGINNING
        self._most: int | None = None
        """Tracks that the next plan may have; None: as the settings say."""
        self._planned_s = 0.0
        self._planned_at_s = 0.0
        self._patience = Patience()
        self._failing: dict[str, str] = {}
        self._names_taken: dict[str, str] = {}
        self._log = structlog.get_logger(__name__)

    async def run(self) -> NoReturn:
        """Sweeps until cancelled."""
        while True:
            self._changed.clear()
            next_look_s = await self.sweep()
            await self._pause(max(self._rest_s, next_look_s))

    async def sweep(self) -> float:
        """One look at the whole fleet.

        Returns:
            Seconds after which to look again, if nothing changes before.
        """
        begun_s = self._monotonic()
        snapshot = self._photographer.snapshot(self._names_taken)
        now = self._now()
        decided = plan(snapshot, now, self._memory, self._resumption, self._most)
        self._resumption = decided.resumption
        self._planned_at_s = self._monotonic()
        self._planned_s = self._planned_at_s - begun_s
        due = self._patience.due(decided.tracks, begun_s)
        outcomes = await self._writer.perform(due)
        ended_s = self._monotonic()
        self._note_pace(snapshot.settings.tracks_at_once, ended_s)
        self._patience.note(outcomes, ended_s)
        tried = {track.name for track in due}
        held = {track.name for track in decided.tracks if track.name not in tried}
        self._report(outcomes, held)
        self._metrics.swept(snapshot, now, planned_s=self._planned_s, at_s=ended_s)
        return self._patience.next_look_s(decided.next_look_s, ended_s)

    def _note_pace(self, least: int, ended_s: float) -> None:
        """How many tracks there may be next, if there is more to write than there might be."""
        if self._resumption == BEGINNING:
            self._most = None
            return
        written_s = ended_s - self._planned_at_s
        self._most = fitting_tracks(self._most or least, written_s, self._whole_rest_s, least)

    @property
    def _whole_rest_s(self) -> float:
        return min(RESTS * self._planned_s, LONGEST_REST_S)

    @property
    def _rest_s(self) -> float:
        """Seconds for which it is still to rest: the time in which was written counts."""
        rested_s = self._monotonic() - self._planned_at_s
        return max(DEBOUNCE_S, self._whole_rest_s - rested_s)

    async def _pause(self, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await self._changed.wait()
        except TimeoutError:
            return
        # What woke the planner seldom comes alone.
        await asyncio.sleep(self._rest_s)

    def _report(self, outcomes: list[TrackOutcome], held: set[str]) -> None:
        """Logs a track that fails once, and once when it goes through again."""
        failures = {o.track: o.failure for o in outcomes if o.failure is not None}
        for track, failure in failures.items():
            if self._failing.get(track) != failure.error:
                self._log.warning(
                    "a track of writes has ended early", track=track, error=failure.error
                )
        # A track that is not planned any more has nothing left that could fail.
        for track in sorted(self._failing.keys() - failures.keys() - held):
            self._log.info("a track of writes goes through again", track=track)
        errors = {track: failure.error for track, failure in failures.items()}
        self._failing = _kept(self._failing, held) | errors
        # Any other failure tells nothing of the name.
        taken = {track: errors[track] for track, each in failures.items() if each.name_taken}
        taken = _kept(self._names_taken, held | failures.keys()) | taken
        if taken != self._names_taken:
            self._names_taken = taken


def _kept(known: Mapping[str, str], tracks: Collection[str]) -> dict[str, str]:
    return {track: text for track, text in known.items() if track in tracks}
