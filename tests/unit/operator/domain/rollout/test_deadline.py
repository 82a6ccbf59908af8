"""When a candidate's time is up: each satellite has its own clock."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import model_spec
from paper_fleet.views import IMAGE, at, contacts_of, satellite
from perigee_api.heartbeat import ArtifactReport, ArtifactState
from perigee_api.inference_model import RolloutStatus
from perigee_api.orbit import ContactWindow, Orbit
from perigee_operator.domain.rollout.deadline import delivery_s, overdue
from perigee_operator.domain.rollout.progress import WaveProgress
from perigee_operator.domain.rollout.revision import Revision, new_revision

DEADLINE_S = 50
PASS_S = 500
VERIFIED = ArtifactReport(state=ArtifactState.VERIFIED)


def revision(size: int = 1_000_000) -> Revision:
    spec = model_spec()
    artifact = spec.artifact.model_copy(update={"size": size})
    return new_revision(spec.model_copy(update={"artifact": artifact}), IMAGE)


def late(  # noqa: PLR0913 - a wave in which everything may differ
    moment: float,
    placed: Mapping[str, float],
    *,
    wave: int = 1,
    verified: str = "",
    uplink_kbit_s: float = 80,
    joined_s: float = 0,
    artifacts: Mapping[str, ArtifactReport] | None = None,
    **more: Any,
) -> str | None:
    """Of a wave named by digits, each in contact for its first `PASS_S` seconds.

    A megabyte takes 100 s of an uplink of 80 kbit/s.
    """
    plan = contacts_of(Orbit(contacts=[ContactWindow(start=at(0), end=at(PASS_S))]))
    given: dict[str, Any] = {
        "contacts": plan,
        "uplink_kbit_s": uplink_kbit_s,
        "artifacts": artifacts or {},
    }
    fleet = [satellite(str(n), **given) for n in range(wave)]
    found = WaveProgress(
        revision(),
        tuple(fleet),
        frozenset(verified),
        0,
        0,
        20,
        placed_at={node: at(each) for node, each in placed.items()},
        **more,
    )
    status = RolloutStatus(
        candidate="b", started=at(0), step_started=at(0), members_since=at(joined_s)
    )
    return overdue(found, status, DEADLINE_S, at(moment))


def test_a_model_of_40_megabytes_over_256_kbit_s_has_41_minutes() -> None:
    assert delivery_s(revision(39_600_000), satellite()) == pytest.approx(2 * 1237.5)


@pytest.mark.parametrize(
    ("moment", "placed", "is_late"),
    [
        (50, {"0": 0}, False),
        (51, {"0": 0}, True),
        (51, {"0": 1}, False),
        (250, {}, False),
        (251, {}, True),
        (251, {"0": 249}, False),
        (300, {"0": 299}, False),
        (301, {"0": 300}, True),
        (PASS_S + 1000, {"0": PASS_S - 20}, True),
        (PASS_S + 1000, {"0": PASS_S - 20, "1": 0}, True),
    ],
    ids=[
        "on board, and in time",
        "on board, and late",
        "its clock begins when it is on board",
        "delivery has its own time",
        "and no more",
        "it has come on board",
        "made anew, but not for ever",
        "too often made anew",
        "all in all",
        "whatever the others do",
    ],
)
def test_each_satellite_has_its_own_clock(
    *, moment: float, placed: dict[str, float], is_late: bool
) -> None:
    assert (late(moment, placed) is not None) is is_late


def test_who_takes_the_place_of_another_begins_then() -> None:
    assert late(300, {}, joined_s=200) is None
    assert late(451, {}, joined_s=200) is not None


def test_the_tolerated_share_may_be_late() -> None:
    placed = dict.fromkeys("01234", 0)
    assert late(PASS_S, placed, wave=5, verified="01234") is None
    assert late(PASS_S, placed, wave=5, verified="0123") is None
    assert late(PASS_S, placed, wave=5, verified="012") is not None


def test_the_dark_costs_no_time() -> None:
    assert late(100_000, {"0": PASS_S - 40}, uplink_kbit_s=8) is None


def test_it_says_after_how_much_contact_and_why() -> None:
    stuck = {"0": "ImagePullBackOff: dial tcp: network is unreachable"}
    said = late(51, {"0": 0}, obstacles=stuck)
    assert said is not None
    assert said.startswith("After 50 s of contact revision ")
    assert said.endswith(
        "is not ready: 0 cannot start it: ImagePullBackOff: dial tcp: network is unreachable"
    )
    assert (late(251, {}) or "").startswith("After 250 s of contact revision ")


def test_it_says_once_that_no_pod_finds_a_satellite() -> None:
    stuck = "2 Pods find no satellite: 0/2 nodes are available: 2 Insufficient memory"
    on_board = {artifact.sha256: VERIFIED for artifact in revision().artifacts}
    said = late(251, {}, wave=2, artifacts=on_board, unplaced=stuck)
    assert said is not None
    assert said.endswith(f"is not ready: {stuck}")


@given(st.floats(0, PASS_S), st.floats(0, PASS_S), st.floats(0, PASS_S))
def test_who_is_late_stays_late(placed_s: float, moment: float, more_s: float) -> None:
    placed = {"0": placed_s} if placed_s <= moment else {}
    if late(moment, placed) is not None:
        assert late(moment + more_s, placed) is not None


def test_who_waits_for_its_turn_to_swap_in_place_loses_no_time() -> None:
    assert late(300, {}) is not None
    assert late(300, {}, in_turn=frozenset("0")) is None
    # Its own clock runs from when the swap began.
    assert late(300, {}, swapping_since={"0": at(60)}) is None
    assert late(311, {}, swapping_since={"0": at(60)}) is not None


def test_nobody_who_keeps_others_waiting_may_be_late() -> None:
    stuck: dict[str, Any] = {"wave": 5, "verified": "123", "swapping_since": {"0": at(0)}}
    assert late(300, {"0": 10, "4": 10}, **stuck) is not None, "two of five are more than 20 %"
    one_of_five = stuck | {"verified": "1234"}
    assert late(300, {"0": 10}, **one_of_five) is None
    assert late(300, {"0": 10}, **stuck, in_turn=frozenset("4")) is not None
