"""Conditions, as Kubernetes knows them: a verdict that remembers since when it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from perigee_api.base import Condition

MESSAGE_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is found now about one condition."""

    holds: bool | None
    """None: Unknown."""
    reason: str
    message: str = ""

    @property
    def status(self) -> str:
        """``True``, ``False`` or ``Unknown``."""
        return "Unknown" if self.holds is None else str(self.holds)


def renewed(
    old: Sequence[Condition], verdicts: Mapping[str, Verdict], now: datetime, generation: int
) -> list[Condition]:
    """The conditions after these verdicts, ordered by type.

    The transition time moves only with the status, so that a verdict that stands writes nothing
    new.
    """
    known = {c.type: c for c in old}
    return [
        _condition(type_, verdict, known.get(type_), now, generation)
        for type_, verdict in sorted(verdicts.items())
    ]


def _condition(
    type_: str, verdict: Verdict, old: Condition | None, now: datetime, generation: int
) -> Condition:
    stands = old is not None and old.status == verdict.status
    since = old.last_transition_time if old is not None and stands else now
    return Condition(
        type=type_,
        status=verdict.status,
        reason=verdict.reason,
        message=verdict.message[:MESSAGE_LIMIT],
        last_transition_time=since.replace(microsecond=0),
        observed_generation=generation,
    )
