"""Whether enough of the satellites that serve a model are in contact at any time."""

from datetime import timedelta

from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.placement.reach import HORIZON, Gap, gaps
from perigee_operator.domain.rollout.situation import Situation

MINUTE = timedelta(minutes=1)


def in_reach(situation: Situation, wanted: int) -> Verdict:
    """The condition InReach, for a day from the full hour: it changes no more than hourly."""
    hour = situation.now.replace(minute=0, second=0, microsecond=0)
    serving = sorted(situation.serving_nodes())
    contacts = [situation.satellites[node].contacts for node in serving]
    found = [gap for gap in gaps(contacts, wanted, hour) if gap.end > situation.now]
    if not found:
        return Verdict(holds=True, reason="AsPlanned")
    return Verdict(holds=False, reason="Gaps", message=_told(found, wanted, len(serving)))


def _told(found: list[Gap], wanted: int, serving: int) -> str:
    total = sum((gap.end - gap.start for gap in found), timedelta())
    longest = max(gap.end - gap.start for gap in found)
    first = found[0]
    return (
        f"Of {serving} satellites that serve it fewer than {wanted} are in contact from "
        f"{first.start:%H:%M} to {first.end:%H:%M} UTC, and for {total // MINUTE} minutes of the "
        f"{HORIZON // timedelta(hours=1)} hours in all, {longest // MINUTE} at the longest: the "
        "contact plans of those that qualify leave no better choice, or copies would have to move."
    )
