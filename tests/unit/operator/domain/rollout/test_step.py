from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.intents import artifact, digest_of, model_spec
from paper_fleet.views import IMAGE, at, contacts_of, satellite
from perigee_api.heartbeat import ArtifactReport, ArtifactState
from perigee_api.inference_model import RolloutStatus, Step
from perigee_api.orbit import ContactWindow, Orbit
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.rollout.progress import WaveProgress
from perigee_operator.domain.rollout.revision import new_revision
from perigee_operator.domain.rollout.step import step_verdict, wave_verdict

DARK = SatellitePhase.EXPECTED_DARK
REVISION = new_revision(model_spec(golden=artifact(7)), IMAGE)
STATUS = RolloutStatus(candidate=REVISION.name, started=at(0), step_started=at(0))
ORBIT = Orbit(contacts=[ContactWindow(start=at(0), end=at(60))])


def progress(
    wave: int, verified: str = "", *, dark: str = "", percent: float = 20, **more: Any
) -> WaveProgress:
    """A wave of satellites named by digits; each is in contact for its first minute."""
    fleet = [
        satellite(
            str(n),
            phase=DARK if str(n) in dark else SatellitePhase.IN_CONTACT,
            contacts=contacts_of(ORBIT),
        )
        for n in range(wave)
    ]
    given: dict[str, Any] = {
        "revision": REVISION,
        "active": 0,
        "active_wanted": 0,
        "verified_at": dict.fromkeys(verified, at(0)),
    }
    return WaveProgress(
        wave=tuple(fleet), verified=frozenset(verified), unreachable_percent=percent, **given | more
    )


@pytest.mark.parametrize(
    ("found", "passed", "stands_still"),
    [
        (progress(0), False, True),
        (progress(1), False, False),
        (progress(1, "0"), True, False),
        (progress(4, "012"), False, False),
        (progress(4, "012", dark="3"), False, True),
        (progress(4, "01", dark="3"), False, False),
        (progress(5, "0123"), True, False),
        (progress(5, "0123", percent=19), False, False),
        (progress(2, "01", dark="01"), True, False),
        (progress(1, "0", nobody_selected=True), False, True),
    ],
)
def test_a_wave_is_verified_but_for_the_tolerated_share(
    *,
    found: WaveProgress,
    passed: bool,
    stands_still: bool,
) -> None:
    verdict = wave_verdict(found)
    assert verdict.passed is passed
    assert passed or verdict.stands_still is stands_still


def test_before_promotion_nobody_may_be_missing() -> None:
    assert not wave_verdict(progress(5, "0123"), tolerate_unreachable=False).passed
    assert wave_verdict(progress(5, "01234"), tolerate_unreachable=False).passed


def report(state: ArtifactState, **more: Any) -> dict[str, ArtifactReport]:
    return {digest_of(1): ArtifactReport(state=state, **more)}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"phase": DARK}, "x is ExpectedDark"),
        ({}, "x has not begun to fetch 000000000000"),
        (
            {"artifacts": report(ArtifactState.FETCHING, fetched_bytes=456_789)},
            "x has fetched 40 % of 1.0 MB",
        ),
        (
            {"artifacts": report(ArtifactState.FETCHING, fetched_bytes=1_000_000)},
            "x has fetched 90 % of 1.0 MB",
        ),
        (
            {
                "artifacts": report(
                    ArtifactState.FAILED, message="no room: 3 MB are free", uri="http://depot/1"
                )
            },
            "x: no room: 3 MB are free",
        ),
        (
            {"artifacts": report(ArtifactState.FAILED, message="404", uri="http://elsewhere/1")},
            "x has not begun to fetch 000000000000",
        ),
        ({"holds": [1, 7]}, "x is starting it"),
    ],
)
def test_it_says_what_a_wave_waits_for(more: dict[str, Any], says: str) -> None:
    found = WaveProgress(REVISION, (satellite("x", **more),), frozenset(), 0, 0, 20)
    assert wave_verdict(found).message == f"verified on 0 of 1 satellites; {says}"


@pytest.mark.parametrize("dark", ["", "0"])
def test_it_says_why_a_pod_does_not_start(dark: str) -> None:
    stuck = {"0": "ImagePullBackOff: dial tcp: network is unreachable"}
    found = progress(1, dark=dark, obstacles=stuck)
    says = "0 cannot start it: ImagePullBackOff: dial tcp: network is unreachable"
    assert wave_verdict(found).message == f"verified on 0 of 1 satellites; {says}"


def test_it_says_once_that_pods_find_no_satellite() -> None:
    """Of those that have a Pod, or have not what one needs, it says what they wait for."""
    on_board = {digest_of(n): ArtifactReport(state=ArtifactState.VERIFIED) for n in (1, 7)}
    wave = tuple(satellite(name, artifacts=on_board) for name in "abc")
    stuck = "2 Pods find no satellite: 0/3 nodes are available"
    found = replace(progress(0), wave=wave, placed_at={"a": at(0)}, unplaced=stuck)
    says = "verified on 0 of 3 satellites; a is starting it, "
    assert wave_verdict(found).message == says + stuck
    bare = replace(found, wave=(satellite("d"),))
    assert wave_verdict(bare).message.endswith("d has not begun to fetch 000000000000")


def test_where_there_is_no_room_it_stands_still_and_says_so() -> None:
    said = "0 has 1Gi of the 2Gi of memory asked for"
    verdict = wave_verdict(progress(2, dark="1", shortages={"0": said}))
    assert verdict.message == f"verified on 0 of 2 satellites; {said}, 1 is ExpectedDark"
    assert verdict.stands_still
    assert not wave_verdict(progress(2, shortages={"0": said})).stands_still


def test_it_names_no_more_than_five() -> None:
    message = wave_verdict(progress(8, dark="01234567")).message
    assert message.endswith("4 is ExpectedDark and 3 more")


@pytest.mark.parametrize(
    ("step", "active", "passed"),
    [
        ({"wave": {"count": 1}}, 0, True),
        ({"analysis": {"golden": {}}}, 0, True),
        ({"weight": 50}, 1, False),
        ({"weight": 50}, 2, True),
    ],
)
def test_steps_want_their_wave_and_more(
    *,
    step: dict[str, Any],
    active: int,
    passed: bool,
) -> None:
    ready = progress(2, "01", active=active, active_wanted=2)
    assert step_verdict(Step.model_validate(step), ready, STATUS, at(0)).passed is passed
    missing = progress(2, "0", active=active, active_wanted=2)
    assert not step_verdict(Step.model_validate(step), missing, STATUS, at(0)).passed


def test_an_analysis_without_golden_set_has_no_data_and_holds() -> None:
    revision = new_revision(model_spec(), IMAGE)
    step = Step.model_validate({"analysis": {"golden": {}}})
    verdict = step_verdict(step, progress(1, "0", revision=revision), STATUS, at(0))
    assert not verdict.passed
    assert verdict.message.startswith("no data")
    by_metrics = Step.model_validate({"analysis": {}})
    assert step_verdict(by_metrics, progress(1, "0", revision=revision), STATUS, at(0)).passed


def test_a_share_of_more_than_there_are_is_all_that_can_serve() -> None:
    step = Step.model_validate({"weight": 100})
    found = progress(2, "0", percent=50, active=1, active_wanted=2)
    assert step_verdict(step, found, STATUS, at(0)).passed
    assert not step_verdict(step, replace(found, active=0), STATUS, at(0)).passed
