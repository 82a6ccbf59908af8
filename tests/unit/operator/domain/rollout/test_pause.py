"""Pauses: each satellite's own clock, or a person's word."""

from collections.abc import Sequence
from typing import Any

import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import IMAGE, at, contacts_of, satellite
from perigee_api.inference_model import Pause, RolloutStatus
from perigee_api.orbit import ContactWindow, Orbit
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.orbit.contacts import UNKNOWN
from perigee_operator.domain.rollout.pause import pause_verdict
from perigee_operator.domain.rollout.progress import StepVerdict, WaveProgress
from perigee_operator.domain.rollout.revision import new_revision

REVISION = new_revision(model_spec(), IMAGE)
STATUS = RolloutStatus(candidate=REVISION.name, started=at(0), step_started=at(0))
PASSES = Orbit(contacts=[ContactWindow(start=at(0), end=at(60))])


def verdict(
    moment: float,
    *,
    verified: Sequence[float] = (0, 0),
    percent: float = 20,
    fleet: dict[str, Any] | None = None,
    **pause: float,
) -> StepVerdict:
    """Of a wave of satellites on which the candidate is verified since then.

    Each is in contact for its first minute, if not given otherwise.
    """
    given = fleet or {"contacts": contacts_of(PASSES)}
    wave = tuple(satellite(str(n), **given) for n in range(len(verified)))
    since = {str(n): at(each) for n, each in enumerate(verified)}
    found = WaveProgress(REVISION, wave, frozenset(since), 0, 0, percent, verified_at=since)
    return pause_verdict(Pause(**pause), found, STATUS, at(moment))


@pytest.mark.parametrize(
    ("pause", "moment", "passed", "left_s"),
    [
        ({"duration": 30}, 10, False, 20),
        ({"duration": 30}, 30, True, 0),
        ({"contact_time": 30}, 10, False, 20),
        ({"contact_time": 30}, 30, True, None),
        ({"contact_time": 70}, 900, False, 10),
        ({"duration": 70}, 60, False, 10),
        ({"duration": 70}, 900, True, 0),
        ({"serving": 70}, 60, False, 10),
        ({"serving": 70}, 70, True, 0),
    ],
)
def test_a_pause_is_waited_for(
    *, pause: dict[str, Any], moment: float, passed: bool, left_s: float | None
) -> None:
    found = verdict(moment, **pause)
    assert (found.passed, found.next_change_s) == (passed, left_s)


@pytest.mark.parametrize(
    ("pause", "moment", "passed"),
    [
        ({"contact_time": 30}, 49, False),
        ({"contact_time": 30}, 50, True),
        ({"contact_time": 50}, 900, False),
        ({"serving": 100}, 119, False),
        ({"serving": 100}, 120, True),
        ({"duration": 30}, 49, False),
        ({"duration": 30}, 50, True),
    ],
)
def test_a_satellite_that_comes_late_begins_late(
    *, pause: dict[str, Any], moment: float, passed: bool
) -> None:
    assert verdict(moment, verified=[0, 20], **pause).passed is passed


@pytest.mark.parametrize("pause", [{"duration": 30}, {"serving": 30}], ids=str)
def test_time_before_the_step_began_does_not_count(pause: dict[str, Any]) -> None:
    assert not verdict(20, verified=[-500], **pause).passed
    assert verdict(30, verified=[-500], **pause).passed


@pytest.mark.parametrize("pause", [{"duration": 30}, {"serving": 30}], ids=str)
def test_the_tolerated_share_need_not_have_waited(pause: dict[str, Any]) -> None:
    late = [0, 0, 0, 0, 1000]
    assert verdict(30, verified=late, percent=20, **pause).passed
    assert not verdict(30, verified=late, percent=19, **pause).passed


@pytest.mark.parametrize("pause", [{"duration": 30}, {"contact_time": 30}, {"serving": 30}])
def test_what_a_pause_says_stands_until_it_is_over(pause: dict[str, Any]) -> None:
    said = {verdict(moment, **pause).message for moment in (0, 5, 29)}
    assert len(said) == 1
    assert "30 s" in said.pop()
    assert verdict(30, **pause).message == ""


def test_without_a_time_it_lasts_until_somebody_says_go() -> None:
    found = verdict(1_000_000)
    assert (found.passed, found.stands_still, found.next_change_s) == (False, True, None)
    assert found.awaits_person
    assert found.message == "a pause, until somebody asks for Resume"


def test_a_pause_of_contact_stands_still_until_the_next_pass() -> None:
    dark = {"phase": SatellitePhase.EXPECTED_DARK, "contacts": contacts_of(PASSES)}
    found = verdict(100, fleet=dark, contact_time=70)
    assert (found.stands_still, found.next_change_s) == (True, None)


def test_contact_of_many_days_counts() -> None:
    always = {"phase": SatellitePhase.IN_CONTACT}
    assert not verdict(599_999, fleet=always, contact_time=600_000).passed
    assert verdict(600_000, fleet=always, contact_time=600_000).passed


def test_it_says_whose_contacts_nobody_predicts() -> None:
    found = verdict(9, fleet={"contacts": UNKNOWN}, contact_time=5)
    assert "contacts of 0, 1 are not predicted, so none count" in found.message
