"""What a policy says: this satellite is gone, and what it carried is to run elsewhere."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """A satellite is given up."""

    satellite: int
    """Its number in the fleet."""
    at_s: float
    until_s: float | None = None
    """When it was taken back; None if it never was."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A verdict that waits for a human."""

    satellite: int
    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a policy has said, in order of time."""

    policy: str
    verdicts: tuple[Verdict, ...]
    holds: tuple[Hold, ...] = ()
