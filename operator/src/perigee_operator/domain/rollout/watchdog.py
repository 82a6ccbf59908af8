"""A plan that would break what must hold is not carried out: the model is held as it is.

Nothing is remembered of it: each look plans anew, and goes on as soon as the plan holds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from perigee_api.heartbeat import AssignedArtifact
from perigee_api.inference_model import Swap
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.clearance import Clearance
from perigee_operator.domain.rollout.early import Early
from perigee_operator.domain.rollout.giving_way import withdrawn
from perigee_operator.domain.rollout.invariants import Broken, Copy, Scene
from perigee_operator.domain.rollout.layout import RevisionLayout
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.spare import last_may_go
from perigee_operator.domain.writes import EventType

INVARIANTS_HOLD: Final = "InvariantsHold"
"""Type of the condition."""
INVARIANT_BROKEN: Final = "InvariantBroken"
"""Reason of the Event."""


def scene_of(  # noqa: PLR0913 - what a plan consists of
    situation: Situation,
    state: RolloutState,
    places: Mapping[str, RevisionLayout],
    active: Collection[str],
    kept: Mapping[str, Iterable[AssignedArtifact]],
    *,
    wave: int,
    led_on: bool,
    early: Early,
    swaps: Sequence[Swap] = (),
) -> Scene:
    """What is planned for a model.

    Args:
        situation: the model as it is.
        state: as it is to be.
        places: where each revision is to be.
        active: uids of the Pods that are to serve.
        kept: files that are to be on board, by Node.
        wave: satellites that may run the candidate.
        led_on: the rollout says what it waits for, or when it is looked at again.
        early: what is sent ahead of the next wave.
        swaps: as they are to be recorded.
    """
    pods = [pod for pod in situation.model.pods if not pod.deleting]
    opened = frozenset[str]().union(*(place.nodes for place in places.values()))
    return Scene(
        stable=state.stable,
        candidate=state.candidate,
        wave=wave,
        next_wave=early.wave.satellites if early.wave else 0,
        ahead=frozenset(early.files),
        open_to={name: place.nodes for name, place in places.items()},
        hosts={name: situation.nodes_with(name) for name in places},
        out_of_service=frozenset(
            node
            for node in opened & situation.satellites.keys()
            if situation.satellites[node].out_of_service
        ),
        copies=tuple(Copy(p.name, p.node, p.verified, p.uid in active) for p in pods),
        something_can_serve=_something_can_serve(situation),
        swapping=taken_out(swaps),
        # Who has begun goes on, though fewer may be out by now.
        spare=max(situation.spec.rollout.unavailable, len(taken_out(situation.model.status.swaps))),
        pinned=_pinned(situation, state, places),
        kept={node: frozenset(each.sha256 for each in files) for node, files in kept.items()},
        led_on=led_on,
    )


def taken_out(swaps: Iterable[Swap]) -> frozenset[str]:
    """Satellites on which a copy that served has given way, and none serves in its place yet."""
    return frozenset(swap.satellite for swap in swaps if swap.served and swap.ended is None)


def _something_can_serve(situation: Situation) -> bool:
    """Whether a copy serves that may not go, be it the last."""
    if situation.wants_none:
        return False
    let_go = withdrawn(situation) if last_may_go(situation) else frozenset[str]()
    return bool(situation.serving() - let_go)


def _pinned(
    situation: Situation, state: RolloutState, places: Mapping[str, RevisionLayout]
) -> dict[str, frozenset[str]]:
    """Files of the stable revision where it may run or ran, and of the one before wherever."""
    found: dict[str, set[str]] = {}
    stable = places.get(state.stable or "")
    for artifact in stable.revision.artifacts if stable else ():
        for node in stable.nodes if stable else ():
            found.setdefault(node, set()).add(artifact.sha256)
        for node in situation.boards.swaps:
            if situation.satellites[node].holds(artifact.sha256):
                found.setdefault(node, set()).add(artifact.sha256)
    previous = situation.revisions.get(state.previous or "")
    for artifact in previous.artifacts if previous else ():
        for node in situation.bearers(state.previous) & situation.satellites.keys():
            if situation.satellites[node].holds(artifact.sha256):
                found.setdefault(node, set()).add(artifact.sha256)
    return {node: frozenset(files) for node, files in found.items()}


def verdict_on(broken: Sequence[Broken]) -> Verdict:
    """The condition where something is broken."""
    message = "; ".join(f"{each.invariant}: {each.message}" for each in broken)
    return Verdict(holds=False, reason=broken[0].invariant.value, message=message)


def unbroken(clearance: Clearance, model: ModelView) -> Clearance:
    """The same, with the condition that all hold where that was ever in doubt."""
    known = any(condition.type == INVARIANTS_HOLD for condition in model.status.conditions)
    if not known:
        return clearance
    return clearance.saying(INVARIANTS_HOLD, Verdict(holds=True, reason="Hold"))


def held_by(clearance: Clearance, verdict: Verdict) -> Clearance:
    """Nothing is begun, and the condition says why."""
    hold = clearance.hold or f"what is planned would break an invariant: {verdict.message}"
    return replace(clearance.saying(INVARIANTS_HOLD, verdict), hold=hold)


def broken_notes(verdict: Verdict, model: ModelView) -> tuple[Note, ...]:
    """What is announced where it was not so in the last look."""
    known = {(c.type, c.status, c.reason) for c in model.status.conditions}
    if (INVARIANTS_HOLD, verdict.status, verdict.reason) in known:
        return ()
    message = f"What is planned would break an invariant, and is not done: {verdict.message}."
    revision = model.status.candidate_revision or model.status.stable_revision or ""
    return (Note(EventType.WARNING, INVARIANT_BROKEN, "Rollout", message, revision),)
