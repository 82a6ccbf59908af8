"""What is told of a decision: as an Event, and in the history of the model's status."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from perigee_api.inference_model import HISTORY_LIMIT, HistoryEntry
from perigee_operator.domain.writes import EventType

MESSAGE_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Note:
    """Something to announce."""

    type: EventType
    reason: str
    action: str
    message: str
    revision: str = ""
    """That it is about."""
    by: str = ""
    """The person who asked for it."""
    asked_by: str = ""
    """uid of the RolloutAction."""


def extended(
    history: Sequence[HistoryEntry], notes: Iterable[Note], now: datetime
) -> list[HistoryEntry]:
    """The history with these at its end; the oldest entries make room."""
    added = [
        HistoryEntry(
            time=now.replace(microsecond=0),
            reason=note.reason,
            revision=note.revision,
            message=note.message[:MESSAGE_LIMIT],
            by=note.by,
            action=note.asked_by,
        )
        for note in notes
    ]
    return [*history, *added][-HISTORY_LIMIT:]
