"""What a heartbeat says of itself: conditions, and the Events by which they are announced."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import contact, satellite_spec
from paper_fleet.views import assessed, at, heartbeat, satellite_view
from perigee_api.base import Condition
from perigee_api.heartbeat import Report
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import HeartbeatView, SatelliteView
from perigee_operator.domain.report_findings import acknowledged_epoch
from perigee_operator.domain.satellite_status import Sighting, satellite_status, satellite_writes
from perigee_operator.domain.writes import Announce, Apply

MINUTE, HOUR, DAY = 60, 3600, 86_400
HUGE = 10**1000


def of_epoch(epoch: int) -> HeartbeatView:
    return heartbeat(report=Report(sequence=1, epoch=epoch))


def off_by(seconds: float) -> HeartbeatView:
    return heartbeat(renewed_at=at(seconds))


def recorded(epoch: int = 0, acknowledged: int = 0) -> SatelliteNodeStatus:
    phase = SatellitePhase.IN_CONTACT
    return SatelliteNodeStatus(phase=phase, epoch=epoch, acknowledged_epoch=acknowledged)


def after(view: SatelliteView, moment: float = 1) -> SatelliteNodeStatus:
    return satellite_status(view, Sighting(assessed(view, moment), None, ()), at(moment))


def condition(status: SatelliteNodeStatus, type_: str) -> Condition:
    (found,) = [c for c in status.conditions if c.type == type_]
    return found


def hears(view: SatelliteView, heard: HeartbeatView | None) -> tuple[SatelliteView, list[str]]:
    """The satellite once a heartbeat has been taken in, and what that writes."""
    view = replace(view, heartbeat=heard)
    writes = satellite_writes(view, Sighting(assessed(view, 1), None, ()), at(1))
    told = ["status" for w in writes if isinstance(w, Apply)]
    told += [f"{w.type.value} {w.reason}" for w in writes if isinstance(w, Announce)]
    return replace(view, status=after(view)), told


@pytest.mark.parametrize(
    ("heard", "status", "reason"),
    [
        (None, "Unknown", "NoReport"),
        (heartbeat(), "True", "Valid"),
        (heartbeat(report=None), "Unknown", "NoReport"),
        (heartbeat(report=None, report_error="sequence: Field required"), "False", "Malformed"),
    ],
)
def test_whether_a_report_is_valid(heard: HeartbeatView | None, status: str, reason: str) -> None:
    found = condition(after(satellite_view(heartbeat=heard)), "ReportValid")
    assert (found.status, found.reason) == (status, reason)


@pytest.mark.parametrize(
    ("epoch", "acknowledged", "reported", "status", "reason", "then_acknowledged"),
    [
        (0, 0, None, "Unknown", "NoReport", 0),
        (0, 0, 0, "True", "Current", 0),
        (2, 2, None, "Unknown", "NoReport", 2),
        (2, 2, 2, "True", "Current", 2),
        # It was lost, and has not heard of that yet.
        (1, 0, 0, "Unknown", "NotHeardYet", 0),
        (3, 1, 1, "Unknown", "NotHeardYet", 1),
        (3, 1, 2, "Unknown", "NotHeardYet", 2),
        (3, 1, 3, "True", "Current", 3),
        # It knew better once.
        (1, 1, 0, "False", "Replayed", 1),
        (3, 2, 1, "False", "Replayed", 2),
        (3, 3, 2, "False", "Replayed", 3),
        # It remembers a SatelliteNode that is no more.
        (0, 0, 5, "Unknown", "NotHeardYet", 0),
        (2, 1, HUGE, "Unknown", "NotHeardYet", 1),
    ],
)
def test_whether_an_epoch_is_current(  # noqa: PLR0913, PLR0917 - a table
    epoch: int,
    acknowledged: int,
    reported: int | None,
    status: str,
    reason: str,
    then_acknowledged: int,
) -> None:
    heard = heartbeat(report=None) if reported is None else of_epoch(reported)
    found = after(satellite_view(status=recorded(epoch, acknowledged), heartbeat=heard))
    current = condition(found, "EpochCurrent")
    assert (current.status, current.reason) == (status, reason)
    assert found.acknowledged_epoch == then_acknowledged


@given(st.lists(st.integers(0, 5)), st.integers(0, 3))
def test_an_acknowledged_epoch_never_falls_and_never_runs_ahead(
    reported: list[int], epoch: int
) -> None:
    view = satellite_view(status=recorded(epoch))
    for each in reported:
        before = view.status.acknowledged_epoch
        view, _ = hears(view, of_epoch(each))
        assert before <= view.status.acknowledged_epoch <= epoch
    assert view.status.acknowledged_epoch == max((e for e in reported if e <= epoch), default=0)


def test_a_loss_and_a_return_replay_nothing_and_are_written_once_each() -> None:
    view, _ = hears(satellite_view(), of_epoch(0))
    lost = after(view, 99)
    assert (lost.phase, lost.epoch) == (SatellitePhase.LOST, 1)
    assert condition(lost, "EpochCurrent").reason == "NotHeardYet"
    view = replace(view, status=lost)
    assert after(view, 150) == lost
    for reported, told in ((0, "NotHeardYet"), (1, "Current"), (1, "Current")):
        heard = heartbeat(150, report=Report(sequence=2, epoch=reported))
        view = replace(view, heartbeat=heard)
        view = replace(view, status=after(view, 151))
        assert condition(view.status, "EpochCurrent").reason == told
    assert view.status.acknowledged_epoch == 1


def test_what_is_odd_is_written_and_announced_once_each_time_it_begins() -> None:
    malformed = heartbeat(report=None, report_error="x")
    view, _ = hears(satellite_view(status=recorded(1, 1)), of_epoch(1))
    heard: tuple[tuple[HeartbeatView, list[str]], ...] = (
        (of_epoch(0), ["status", "Warning HeartbeatReplayed"]),
        (of_epoch(0), []),
        (of_epoch(1), ["status"]),
        (of_epoch(1), []),
        (malformed, ["status", "Warning ReportMalformed"]),
        (malformed, []),
        (of_epoch(1), ["status"]),
        (malformed, ["status", "Warning ReportMalformed"]),
        (of_epoch(0), ["status", "Warning HeartbeatReplayed"]),
    )
    for each, expected in heard:
        view, told = hears(view, each)
        assert told == expected


@pytest.mark.parametrize(
    ("skew_s", "status", "reason", "words"),
    [
        (None, "Unknown", "NoTime", ""),
        (0, "False", "InTime", ""),
        (10, "False", "InTime", ""),
        (-10, "False", "InTime", ""),
        (10.1, "True", "Ahead", "over 10 s ahead"),
        (-10.1, "True", "Behind", "over 10 s behind"),
        (MINUTE, "True", "Ahead", "over 10 s ahead"),
        (MINUTE + 1, "True", "Ahead", "over 1 min ahead"),
        (-10 * MINUTE - 1, "True", "Behind", "over 10 min behind"),
        (HOUR + 1, "True", "Ahead", "over 1 h ahead"),
        (-DAY - 1, "True", "Behind", "over 1 day behind"),
        (365 * 7000 * DAY, "True", "Ahead", "over 1 day ahead"),
    ],
)
def test_how_far_a_clock_is_off(skew_s: float | None, status: str, reason: str, words: str) -> None:
    heard = heartbeat() if skew_s is None else off_by(skew_s)
    found = condition(after(satellite_view(heartbeat=heard)), "ClockSkewed")
    assert (found.status, found.reason) == (status, reason)
    assert words in found.message


@pytest.mark.parametrize(
    ("skews_s", "written"),
    [
        ([0, 3, -3, 9.9, -9.9], 0),
        ([11, 9.9, 11, 8.1, 10.1], 1),
        ([11, 7.9, 9.9], 2),
        ([61, 59, 61, 49], 1),
        ([61, 47, 59], 2),
        ([-4000, -3590, -4000], 1),
        ([-11, 11, -11], 3),
        ([DAY * n for n in (2, 3, 4, 5)], 1),
    ],
)
def test_a_skew_is_written_where_it_takes_another_step_not_where_it_swings(
    skews_s: list[float], written: int
) -> None:
    view, _ = hears(satellite_view(), off_by(0))
    told = []
    for skew_s in skews_s:
        view, writes = hears(view, off_by(skew_s))
        told += writes
    assert told == ["status"] * written


PASSES = satellite_spec(contacts=[contact(0, 100, every=1000)])


@pytest.mark.parametrize("days_off", [-400, -3, 3, 400])
@pytest.mark.parametrize("spec", [satellite_spec(), PASSES], ids=["always in contact", "passes"])
@pytest.mark.parametrize("moment", [1, 31, 99, 500, 1001, 1099, 5000])
def test_a_clock_that_is_days_off_changes_no_phase(
    days_off: float, spec: Any, moment: float
) -> None:
    right = satellite_view(spec=spec, heartbeat=heartbeat(renewed_at=at(0)))
    wrong = replace(right, heartbeat=heartbeat(renewed_at=at(0) + timedelta(days=days_off)))
    assert assessed(wrong, moment) == assessed(right, moment)
    for view in (right, wrong):
        skew = condition(after(view, moment), "ClockSkewed")
        assert skew.status == str(view is wrong)


def test_an_agent_that_says_nothing_acknowledges_nothing() -> None:
    assert acknowledged_epoch(satellite_view(status=recorded(3, 2), heard_s=None)) == 2
