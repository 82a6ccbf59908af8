"""What to log of heartbeats that fail: once when it begins, once when it ends. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outage:
    """Heartbeats fail, all for one reason."""

    cause: str
    """What kind of failure, in CamelCase; the wording of messages may vary within it."""
    since_s: float
    """When the first failed, on the monotonic clock."""
    failures: int


@dataclass(frozen=True, slots=True)
class Begun:
    """Heartbeats fail from now on, or now fail for another reason."""

    cause: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A heartbeat got through after some had not."""

    lasted_s: float
    failures: int


News = Begun | Ended | None


def after_heartbeat(
    before: Outage | None, cause: str | None, now_s: float
) -> tuple[Outage | None, News]:
    """The outage after one more heartbeat, and what is new about it.

    Args:
        before: The outage until now.
        cause: Why the heartbeat failed; None if it got through.
        now_s: On the monotonic clock.
    """
    if cause is None:
        ended = Ended(now_s - before.since_s, before.failures) if before else None
        return None, ended
    if before is None:
        return Outage(cause, now_s, 1), Begun(cause)
    news = Begun(cause) if cause != before.cause else None
    return Outage(cause, before.since_s, before.failures + 1), news
