"""Since when a satellite has been heard without a long pause."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LONGEST_PAUSE: Final = timedelta(seconds=60)
"""Between two signs of life of a satellite, if they are to be of one time of being heard."""

LONGEST_GAP: Final = timedelta(seconds=20)
"""Between two signs of life, if the link is to have held: a kubelet gives one every 10 s."""


@dataclass(frozen=True, slots=True)
class Run:
    """Signs of life of a Node's agent or kubelet, without a long pause between two."""

    since: datetime
    until: datetime
    linked_since: datetime
    """Since when its link has held, too: no watch of its own has ended for long."""

    @classmethod
    def begun(cls, at: datetime) -> "Run":
        """The first sign of life."""
        return cls(at, at, at)

    def with_sign(self, at: datetime) -> "Run":
        """One more sign of life; they may come in another order than they were given."""
        return Run(
            unbroken_since(self.since, self.until, at),
            max(self.until, at),
            unbroken_since(self.linked_since, self.until, at, LONGEST_GAP),
        )


def unbroken_since(
    since: datetime | None,
    last_at: datetime | None,
    at: datetime,
    longest: timedelta = LONGEST_PAUSE,
) -> datetime:
    """Since when it has been heard, as of a sign of life.

    Args:
        since: the same, as of the sign before; None if there was none.
        last_at: when that came; None if there was none.
        at: when this one came.
        longest: pause between two that breaks nothing.
    """
    if since is None or last_at is None or at - last_at > longest:
        return at
    return since
