"""Whether enough of the satellites that serve a model are in contact at any time."""

from datetime import timedelta

from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.placement.exchange import LEAST_GAIN_S
from perigee_operator.domain.placement.reach import HORIZON, MINUTE, Gap, gaps
from perigee_operator.domain.rollout.next_move import hindrance
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation

HOURS = HORIZON // timedelta(hours=1)


def in_reach(situation: Situation, state: RolloutState) -> Verdict:
    """The condition InReach, for a day from the full hour: time alone changes it once an hour."""
    wanted = situation.spec.placement.keep_in_reach or 0
    hour = situation.now.replace(minute=0, second=0, microsecond=0)
    serving = sorted(_to_stay(situation))
    contacts = [situation.satellites[node].contacts for node in serving]
    found = [gap for gap in gaps(contacts, wanted, hour) if gap.end > situation.now]
    if not found:
        return Verdict(holds=True, reason="AsPlanned")
    message = f"{_told(found, wanted, len(serving))}: {_outlook(situation, state)}."
    return Verdict(holds=False, reason="Gaps", message=message)


def _to_stay(situation: Situation) -> frozenset[str]:
    """Nodes that serve; of a copy that moves the new place, once it serves there."""
    serving, shift = situation.serving_nodes(), situation.shift
    if shift is not None and shift.receiver in serving:
        return serving - {shift.giver}
    return serving


def _told(found: list[Gap], wanted: int, serving: int) -> str:
    total = sum((gap.end - gap.start for gap in found), timedelta())
    longest = max(gap.end - gap.start for gap in found)
    first = found[0]
    return (
        f"Of {serving} satellites that serve it fewer than {wanted} are in contact from "
        f"{first.start:%H:%M} to {first.end:%H:%M} UTC, and for {total // MINUTE} minutes of the "
        f"{HOURS} hours in all, {longest // MINUTE} at the longest"
    )


def _outlook(situation: Situation, state: RolloutState) -> str:
    """What becomes of it."""
    move = situation.move
    if move is not None and move.ended is None:
        return (
            f"a copy goes from {move.from_satellite} to {move.to_satellite}, for {move.gain} s "
            f"less of {HOURS} hours"
        )
    why = hindrance(situation, state, situation.now)
    if why is not None:
        return f"no copy is moved for it now, since {why}"
    return f"a copy is moved where that gains {LEAST_GAIN_S:.0f} s or more"
