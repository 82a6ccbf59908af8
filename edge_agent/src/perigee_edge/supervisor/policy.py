"""When to go back to the revision before. Pure: every time is passed in, of one clock, in seconds.

What is decided follows from how the worker ends and from what it answers. A revision that has
never been verified in this Pod is not gone back from: it never served, and its container ends as
it would without a supervisor, so that the ground reads why.
"""

import signal
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from perigee_edge.supervisor.error_window import Count, ErrorWindow

UNFIT: Final = {
    65: "ModelUnreadable",
    66: "ArtifactMissing",
    67: "GoldenSetFailed",
}
"""Exit statuses by which a server says that its revision cannot serve.

As `perigee_api.termination` has them, which would bring Pydantic along.
"""

CONFIGURATION: Final = frozenset({2, 64})
"""Exit statuses for options that make no sense: no other revision mends them."""

_SIGNALLED: Final = 128


class Reason(StrEnum):
    """Why the board went back, beside the words for an unfit revision."""

    CRASH_LOOP = "CrashLoop"
    GOLDEN_SET_FAILED = "GoldenSetFailed"
    ERROR_SHARE = "ErrorShare"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a revision may do before the board goes back."""

    crashes: int = 3
    """Ends by itself within `crash_window_s`."""
    crash_window_s: float = 300.0
    error_share: float = 0.5
    """Of the requests of `error_window_s`; more is too much."""
    error_window_s: float = 30.0
    least_requests: int = 20
    """Below so many in the window no share is judged."""
    silence_s: float = 10.0
    """A worker that is loaded says so often enough that it is heard within this time."""
    busy_s: float = 120.0
    """One batch that takes longer hangs."""
    load_s: float = 300.0
    """A worker that takes longer to load hangs."""
    confirm_s: float = 600.0
    """A revision is confirmed once it has served for so long without an end of its own..."""
    confirm_answers: int = 100
    """... and has answered so many requests."""


@dataclass(frozen=True, slots=True)
class Retreat:
    """That the board went back, and why."""

    reason: str
    """In CamelCase."""
    message: str
    """A sentence for a person, with the figures."""


@dataclass(frozen=True, slots=True)
class Course:
    """How it went so far with the revision of a Pod."""

    verified: bool = False
    """It has been ready once."""
    confirmed: bool = False
    """It has served for long enough: no copy of the revision before is kept loaded for it."""
    ends: tuple[float, ...] = ()
    """When the worker that serves ended by itself, of late."""
    retreat: Retreat | None = None
    """The board went back, and stays there."""
    fallback_unfit: bool = False
    """The revision before cannot serve on this satellite, either."""
    served_since_s: float | None = None
    answered: int = 0
    """Since then."""
    errors: ErrorWindow = field(default_factory=ErrorWindow)


@dataclass(frozen=True, slots=True)
class Restart:
    """Start the same revision again."""


@dataclass(frozen=True, slots=True)
class GoBack:
    """Serve the revision before from now on."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """End the container as the worker ended: the kubelet starts it again, later and later."""

    exit_status: int


Next = Restart | GoBack | GiveUp


@dataclass(frozen=True, slots=True)
class End:
    """How a worker ended by itself."""

    status: int
    """As `subprocess` has it: negative for a signal."""
    message: str = ""
    """What it said itself of why; empty where it said nothing."""
    how: str = ""
    """More than the status tells: out of memory, or silent and ended for that."""


def exit_status(status: int) -> int:
    """The status with which the container ends, as a shell has it."""
    return status if status >= 0 else _SIGNALLED - status


def after_ready(course: Course, now_s: float) -> Course:
    """The worker that serves is loaded and verified."""
    verified = course.verified or course.retreat is None
    return replace(course, verified=verified, served_since_s=now_s, answered=0)


def after_end(
    course: Course, end: End, now_s: float, limits: Limits, *, fallback: bool
) -> tuple[Course, Next]:
    """What to do when the worker that serves has ended by itself.

    Args:
        course: How it went so far.
        end: How it ended.
        now_s: The time.
        limits: What is too much.
        fallback: Whether the files of the revision before are on board.
    """
    crashed = end.status not in UNFIT and end.status not in CONFIGURATION
    late = (at for at in course.ends if now_s - at < limits.crash_window_s)
    ends = (*late, now_s) if crashed else course.ends
    course = replace(course, ends=ends, served_since_s=None, errors=ErrorWindow())
    if crashed and len(ends) < limits.crashes and (course.verified or course.retreat):
        return course, Restart()
    if course.retreat is not None:
        return _after_last_end(course, end)
    alone = not course.verified or not fallback or course.fallback_unfit
    if alone or end.status in CONFIGURATION:
        return replace(course, ends=()), _given_up(end)
    if crashed:
        return gone_back(course, Reason.CRASH_LOOP, _crash_message(end, limits)), GoBack()
    message = end.message or f"ended with exit status {end.status}"
    return gone_back(course, UNFIT[end.status], message), GoBack()


def _after_last_end(course: Course, end: End) -> tuple[Course, GiveUp]:
    """Nothing is left to go back to.

    If the revision before cannot serve on this satellite, the next container has no way back, and
    begins with the Pod's own revision.
    """
    unfit = end.status in UNFIT or end.status in CONFIGURATION
    retreat = None if unfit else course.retreat
    course = replace(course, fallback_unfit=unfit, retreat=retreat, ends=())
    return course, _given_up(end)


def _given_up(end: End) -> GiveUp:
    return GiveUp(exit_status(end.status) or 1)


def after_answers(
    course: Course, count: Count, limits: Limits, *, fallback: bool
) -> tuple[Course, GoBack | None]:
    """What to do when the worker that serves has answered more requests.

    Args:
        course: How it went so far.
        count: The requests since last time, and when that is.
        limits: What is too much.
        fallback: Whether the files of the revision before are on board.
    """
    errors = course.errors.with_count(count, limits.error_window_s)
    course = replace(course, errors=errors, answered=course.answered + count.answered)
    if _is_confirmed(course, count.at_s, limits):
        course = replace(course, confirmed=True)
    can = course.verified and course.retreat is None and fallback and not course.fallback_unfit
    if not can or not errors.exceeds(limits.error_share, limits.least_requests):
        return course, None
    message = (
        f"failed {errors.failed} of {errors.answered + errors.failed} requests within "
        f"{limits.error_window_s:g} s, more than the {limits.error_share:.0%} allowed"
    )
    return gone_back(course, Reason.ERROR_SHARE, message), GoBack()


def gone_back(course: Course, reason: str, message: str) -> Course:
    """The course from the decision to go back on."""
    return replace(
        course,
        retreat=Retreat(reason, message),
        ends=(),
        errors=ErrorWindow(),
        served_since_s=None,
        answered=0,
    )


def standby_ended(course: Course, status: int) -> Course:
    """The course after the copy that was kept loaded has ended.

    Args:
        course: How it went so far.
        status: How it ended, as `subprocess` has it.
    """
    return replace(course, fallback_unfit=True) if status in UNFIT else course


def hangs(*, ready: bool, silent_s: float, busy_s: float, loading_s: float, limits: Limits) -> str:
    """In which way a worker hangs, as a part of a sentence; empty where it does not."""
    if not ready:
        late = loading_s > limits.load_s
        return f"not loaded within {limits.load_s:g} s" if late else ""
    if silent_s > limits.silence_s:
        return f"silent for {limits.silence_s:g} s"
    return f"computing one batch for over {limits.busy_s:g} s" if busy_s > limits.busy_s else ""


def _is_confirmed(course: Course, now_s: float, limits: Limits) -> bool:
    since_s = course.served_since_s
    return (
        course.retreat is None
        and since_s is not None
        and now_s - since_s >= limits.confirm_s
        and course.answered >= limits.confirm_answers
    )


def _crash_message(end: End, limits: Limits) -> str:
    how = end.how or _how(end.status)
    return (
        f"ended by itself {limits.crashes} times within {limits.crash_window_s:g} s, last by {how}"
    )


def _how(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
