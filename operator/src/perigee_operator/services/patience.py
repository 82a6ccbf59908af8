"""When a track that failed is sent again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from perigee_operator.domain.writes import Announce, Apply, Track, Write
from perigee_operator.storage.outcomes import TrackOutcome

FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Hold:
    write: Write
    """What failed."""
    wait_s: float
    until_s: float


class Patience:
    """Holds back tracks that would only fail again: twice as long each time, up to a limit.

    A track is let through at once where something else is to be written before what failed. What
    got no answer at all says nothing of the track, and is tried again after the first wait.

    Moments are seconds on a clock that only ever grows.
    """

    def __init__(self) -> None:
        self._holds: dict[str, _Hold] = {}

    def due(self, tracks: Sequence[Track], at_s: float) -> tuple[Track, ...]:
        """Those of all tracks of a plan that are not held back."""
        planned = {track.name for track in tracks}
        # What is not planned any more has nothing left that could fail.
        self._holds = {name: hold for name, hold in self._holds.items() if name in planned}
        return tuple(track for track in tracks if self._is_due(track, at_s))

    def note(self, outcomes: Iterable[TrackOutcome], at_s: float) -> None:
        """Takes note of how the tracks went that were due."""
        for outcome in outcomes:
            before = self._holds.pop(outcome.track, None)
            failure = outcome.failure
            if failure is None:
                continue
            wait_s = FIRST_WAIT_S
            answered = failure.status is not None
            if before is not None and answered and _is_same(failure.write, before.write):
                wait_s = min(2 * before.wait_s, MAX_WAIT_S)
            self._holds[outcome.track] = _Hold(failure.write, wait_s, at_s + wait_s)

    def next_look_s(self, planned_s: float, at_s: float) -> float:
        """When to look again, where the plan says after `planned_s` seconds.

        Not at once where a track is held back: that may be why the plan is in a hurry.
        """
        if not self._holds:
            return planned_s
        soonest_s = min(hold.until_s for hold in self._holds.values()) - at_s
        return max(FIRST_WAIT_S, min(planned_s, soonest_s))

    def _is_due(self, track: Track, at_s: float) -> bool:
        hold = self._holds.get(track.name)
        return hold is None or at_s >= hold.until_s or not _is_same(track.writes[0], hold.write)


def _is_same(write: Write, other: Write) -> bool:
    """Whether it is the same attempt: statuses and Events bear the moment they are made."""
    if isinstance(write, Announce) and isinstance(other, Announce):
        return write.uid == other.uid
    if isinstance(write, Apply) and isinstance(other, Apply) and write.subresource == "status":
        return (write.key, write.subresource) == (other.key, other.subresource)
    return write == other
