"""What the artifact worker does next. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from perigee_api.heartbeat import AssignedArtifact
from perigee_edge.artifacts.attempts import Attempt
from perigee_edge.artifacts.held import Held


@dataclass(frozen=True, slots=True)
class Fetch:
    """Bring an artifact on board."""

    artifact: AssignedArtifact


@dataclass(frozen=True, slots=True)
class Check:
    """Read a complete artifact and compare its digest with its name."""

    held: Held


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do until something is heard or some time has passed."""

    until_s: float | None
    """On the monotonic clock; None if there is nothing to wait for."""


Step = Fetch | Check | Rest


def next_step(
    wanted: Sequence[AssignedArtifact],
    held: Collection[Held],
    attempts: Mapping[AssignedArtifact, Attempt],
    check_due_s: Mapping[str, float],
    now_s: float,
) -> Step:
    """Choose the next thing to do.

    First what is assigned and on board is checked when its time has come (a disk in orbit flips
    bits, and checking is quick); then what is missing is fetched in the order of the assignment,
    but for what failed a short while ago; then the rest is checked.

    Args:
        wanted: What the assignment names, most urgent first.
        held: What the cache holds.
        attempts: The failures remembered.
        check_due_s: When each complete artifact is to be checked next; those not named, now.
        now_s: On the monotonic clock.
    """
    complete = {one.sha256: one for one in held if one.complete}
    pinned = [complete[one.sha256] for one in wanted if one.sha256 in complete]
    others = [one for one in complete.values() if one not in pinned]
    for one in pinned:
        if check_due_s.get(one.sha256, now_s) <= now_s:
            return Check(one)
    missing = [one for one in wanted if one.sha256 not in complete]
    for artifact in missing:
        if artifact not in attempts or attempts[artifact].retry_at_s <= now_s:
            return Fetch(artifact)
    for one in others:
        if check_due_s.get(one.sha256, now_s) <= now_s:
            return Check(one)
    times = [attempts[artifact].retry_at_s for artifact in missing]
    times += [check_due_s[sha256] for sha256 in complete]
    return Rest(min(times, default=None))


def is_most_urgent(
    current: AssignedArtifact,
    wanted: Sequence[AssignedArtifact],
    held: Collection[Held],
    attempts: Mapping[AssignedArtifact, Attempt],
) -> bool:
    """Whether the artifact that is being fetched is still the one to fetch.

    One that has failed does not push it aside: it waits until the current one has come or failed.
    """
    complete = {one.sha256 for one in held if one.complete}
    for artifact in wanted:
        if artifact == current:
            return True
        if artifact.sha256 not in complete and artifact not in attempts:
            return False
    return False
