"""Whether satellites have room for a candidate beside what serves there, or in its place."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from perigee_api.inference_model import RolloutStrategy
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.swap import Swapping
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.writes import EventType

HAS_ROOM: Final = "HasRoom"
"""Type of the condition."""
NO_ROOM: Final = "NoRoom"
"""Its reason where room is short, and that of the Event."""
NAMED: Final = 5
"""So many satellites are named at most."""


def room_verdict(
    situation: Situation, state: RolloutState, wave: Sequence[Satellite], swaps: Swapping
) -> Verdict | None:
    """The condition HasRoom; None where there was nothing to say of it yet.

    Args:
        situation: the model.
        state: of its rollouts.
        wave: satellites that may run the candidate.
        swaps: what becomes of swaps in place.
    """
    short = situation.shortages(state.candidate, wave) if state.candidate else {}
    if short:
        told = ", ".join(list(short.values())[:NAMED])
        return Verdict(holds=False, reason=NO_ROOM, message=told + _hint(situation, state, wave))
    if swaps.records or swaps.waits:
        return Verdict(holds=True, reason="SwapsInPlace", message=_standing(situation, swaps))
    known = any(condition.type == HAS_ROOM for condition in situation.model.status.conditions)
    return Verdict(holds=True, reason="Found") if known else None


def room_notes(situation: Situation, state: RolloutState, verdict: Verdict | None) -> list[Note]:
    """What is announced where room was not short in the last look."""
    if verdict is None or verdict.holds:
        return []
    known = {(c.type, c.status) for c in situation.model.status.conditions}
    if (HAS_ROOM, verdict.status) in known:
        return []
    told = f"Revision {state.candidate} finds too little room: {verdict.message}."
    return [Note(EventType.WARNING, NO_ROOM, "Rollout", told, state.candidate or "")]


def _hint(situation: Situation, state: RolloutState, wave: Sequence[Satellite]) -> str:
    """What would help, where revisions are to be side by side."""
    if situation.spec.rollout.placing is not RolloutStrategy.SIDE_BY_SIDE:
        return ""
    rollout = situation.spec.rollout.model_copy(update={"strategy": RolloutStrategy.REPLACE})
    spec = situation.spec.model_copy(update={"rollout": rollout})
    in_place = replace(situation, spec=spec)
    if len(in_place.shortages(state.candidate, wave)) == len(wave):
        return ""
    return (
        "; with rollout.strategy Replace, or Auto, it takes the place of the revision that serves "
        "there"
    )


def _standing(situation: Situation, swaps: Swapping) -> str:
    """How far it is, with the figures."""
    under_way = [swap.satellite for swap in swaps.records if swap.ended is None]
    over = len(swaps.records) - len(under_way)
    named = f" ({', '.join(under_way[:NAMED])})" if under_way else ""
    return (
        f"satellites that swap in place: {len(under_way)}{named}; that wait for it: "
        f"{len(swaps.waits)}; that have: {over}; out of service at once: "
        f"{situation.spec.rollout.unavailable} at most"
    )
