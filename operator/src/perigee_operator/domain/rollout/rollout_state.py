"""Which revisions of a model are in use, and where the rollout is: what `status` records of it."""

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from perigee_api.inference_model import (
    AbortedRollout,
    InferenceModelStatus,
    PinnedRevision,
    RolloutStatus,
)

DIGITS: Final = 8
"""Of the digest of a wave's members."""


@dataclass(frozen=True, slots=True)
class RolloutState:
    """The recorded state of a model's rollout."""

    stable: str | None = None
    previous: str | None = None
    rollout: RolloutStatus | None = None
    aborted: AbortedRollout | None = None
    pinned: PinnedRevision | None = None

    @property
    def candidate(self) -> str | None:
        """The revision being introduced."""
        return self.rollout.candidate if self.rollout else None

    @property
    def in_use(self) -> frozenset[str]:
        """The revisions whose workloads and artifacts stay."""
        return frozenset(r for r in (self.stable, self.previous, self.candidate) if r)


def recorded(status: InferenceModelStatus) -> RolloutState:
    """The state as the status tells it."""
    return RolloutState(
        stable=status.stable_revision,
        previous=status.previous_revision,
        rollout=status.rollout,
        aborted=status.aborted,
        pinned=status.pinned,
    )


def known_part(state: RolloutState, revisions: Container[str]) -> RolloutState:
    """The state without revisions of which nothing is kept.

    Somebody has deleted their ControllerRevisions, so nobody can go there any more.
    """
    return replace(
        state,
        stable=state.stable if state.stable in revisions else None,
        previous=state.previous if state.previous in revisions else None,
        rollout=state.rollout if state.candidate in revisions else None,
        pinned=state.pinned if state.pinned and state.pinned.revision in revisions else None,
    )


def target(state: RolloutState, named: str) -> tuple[RolloutState, str]:
    """Where a model is to go, whose spec names a revision: there, unless a person chose another.

    That choice holds until the spec names yet another one.
    """
    pinned = state.pinned
    if pinned is None:
        return state, named
    if pinned.instead_of != named:
        return replace(state, pinned=None), named
    return state, pinned.revision


def resumed(state: RolloutState, now: datetime) -> RolloutState:
    """The step under way begins anew: while it was paused, no time was its own."""
    if state.rollout is None:
        return state
    rollout = state.rollout.model_copy(update={"step_started": now.replace(microsecond=0)})
    return replace(state, rollout=rollout)


def aimed_at(
    state: RolloutState, wanted: str, *, promoted_before: bool, now: datetime
) -> RolloutState:
    """The state towards the revision that the spec asks for.

    The spec that names the stable revision ends any rollout. One that names a revision which was
    aborted is not tried again until the spec has named another. The first revision, and one that
    has served in full before, go there directly, without steps.
    """
    if wanted == state.stable:
        return replace(state, rollout=None, aborted=None)
    if state.aborted is not None and state.aborted.revision == wanted:
        return replace(state, rollout=None)
    if state.candidate == wanted:
        return state
    direct = state.stable is None or promoted_before
    return introduced(replace(state, aborted=None), wanted, direct=direct, now=now)


def introduced(state: RolloutState, revision: str, *, direct: bool, now: datetime) -> RolloutState:
    """A rollout to a revision begins."""
    moment = now.replace(microsecond=0)
    rollout = RolloutStatus(candidate=revision, direct=direct, started=moment, step_started=moment)
    return replace(state, rollout=rollout)


def with_members(state: RolloutState, names: Iterable[str], now: datetime) -> RolloutState:
    """The state, in which stands since when the wave has these satellites."""
    members = hashlib.sha256(" ".join(sorted(names)).encode()).hexdigest()[:DIGITS]
    if state.rollout is None or state.rollout.members == members:
        return state
    change = {"members": members, "members_since": now.replace(microsecond=0)}
    return replace(state, rollout=state.rollout.model_copy(update=change))


def stepped(state: RolloutState, step: int, steps: int, now: datetime) -> RolloutState:
    """The state after a step has passed.

    Args:
        state: the state so far.
        step: index of the step that has passed.
        steps: how many there are.
        now: when the next one begins.
    """
    if state.rollout is None:
        return state
    following = {
        "step": step + 1,
        "all_passed": step + 1 >= steps,
        "step_started": now.replace(microsecond=0),
        "held": False,
    }
    rollout = state.rollout.model_copy(update=following)
    return replace(state, rollout=rollout)


def promoted(state: RolloutState) -> RolloutState:
    """The candidate becomes the stable revision, and the stable one the way back."""
    return RolloutState(stable=state.candidate, previous=state.stable, pinned=state.pinned)


def aborted(state: RolloutState, reason: str, message: str, now: datetime) -> RolloutState:
    """The stable revision serves again at once; the candidate is not tried again."""
    if state.candidate is None:
        return state
    verdict = AbortedRollout(
        revision=state.candidate,
        reason=reason,
        message=message,
        time=now.replace(microsecond=0),
    )
    return replace(state, rollout=None, aborted=verdict)
