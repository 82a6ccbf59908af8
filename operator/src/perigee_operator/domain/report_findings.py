"""What a satellite's last heartbeat says of itself: whether it can be read, is current, is in time.

None of it decides whether the satellite is alive: a heartbeat that arrives is a sign of life,
whatever it says.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from perigee_api.base import Condition
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.fleet import HeartbeatView, SatelliteView

SKEW_STEPS: Final = (
    (timedelta(days=1), "1 day"),
    (timedelta(hours=1), "1 h"),
    (timedelta(minutes=10), "10 min"),
    (timedelta(minutes=1), "1 min"),
    (timedelta(seconds=10), "10 s"),
)
"""How far a clock may be off, from the largest step on. A heartbeat takes up to 10 s to arrive."""

SKEW_SLACK: Final = 1.25
"""A step is left once the skew is smaller by this factor: one close to a limit is not written anew
with every heartbeat."""


def report_verdicts(view: SatelliteView, epoch: int) -> dict[str, Verdict]:
    """The conditions that follow from the last heartbeat.

    Args:
        view: the satellite.
        epoch: the one that its status is about to say.
    """
    heartbeat = view.heartbeat
    return {
        "ReportValid": _validity(heartbeat),
        "EpochCurrent": _currency(heartbeat, epoch, acknowledged_epoch(view)),
        "ClockSkewed": _skew(heartbeat, view.status.conditions),
    }


def acknowledged_epoch(view: SatelliteView) -> int:
    """The highest epoch that the agent has reported, the last report included.

    One that this SatelliteNode has never had is not taken: the agent may remember one of the same
    name that has been deleted since.
    """
    known, report = view.status.acknowledged_epoch, view.heartbeat and view.heartbeat.report
    if not report or report.epoch > view.status.epoch:
        return known
    return max(known, report.epoch)


def _validity(heartbeat: HeartbeatView | None) -> Verdict:
    if heartbeat is not None and heartbeat.report_error is not None:
        message = f"The last report was ignored: {heartbeat.report_error}"
        return Verdict(holds=False, reason="Malformed", message=message)
    if heartbeat is None or heartbeat.report is None:
        return Verdict(holds=None, reason="NoReport")
    return Verdict(holds=True, reason="Valid")


def _currency(heartbeat: HeartbeatView | None, epoch: int, acknowledged: int) -> Verdict:
    """Whether the agent acts on the last assignment, as far as the epoch tells.

    An agent hears of a new epoch in the answer to a heartbeat, so that the first one after a loss
    still carries the old one. Only an epoch below one that it has reported already is odd.
    """
    if heartbeat is None or heartbeat.report is None:
        return Verdict(holds=None, reason="NoReport")
    reported = heartbeat.report.epoch
    if reported == epoch:
        return Verdict(holds=True, reason="Current")
    if reported < acknowledged:
        message = (
            f"The last heartbeat is of epoch {reported}, but the agent has reported epoch "
            f"{acknowledged} already: the heartbeat was replayed, an older agent runs beside this "
            "one, or the satellite has lost what it had stored."
        )
        return Verdict(holds=False, reason="Replayed", message=message)
    message = f"The agent has not answered to epoch {epoch} yet."
    return Verdict(holds=None, reason="NotHeardYet", message=message)


def _skew(heartbeat: HeartbeatView | None, conditions: Sequence[Condition]) -> Verdict:
    if heartbeat is None or heartbeat.renewed_at is None:
        return Verdict(holds=None, reason="NoTime")
    ahead = heartbeat.renewed_at - heartbeat.arrived_at
    stricter = _skewed(ahead * SKEW_SLACK)
    before = next((c for c in conditions if c.type == "ClockSkewed"), None)
    stands = before is not None and (before.reason, before.message) == (
        stricter.reason,
        stricter.message,
    )
    return stricter if stands else _skewed(ahead)


def _skewed(ahead: timedelta) -> Verdict:
    over = next((words for limit, words in SKEW_STEPS if abs(ahead) > limit), None)
    if over is None:
        return Verdict(holds=False, reason="InTime")
    reason = "Ahead" if ahead > timedelta() else "Behind"
    message = (
        f"The satellite's clock is over {over} {reason.lower()}. Liveness does not depend on it: "
        "heartbeats count by their arrival on the ground."
    )
    return Verdict(holds=True, reason=reason, message=message)
