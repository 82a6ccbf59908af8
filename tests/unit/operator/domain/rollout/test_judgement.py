from typing import Any

import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import IMAGE, at, satellite
from perigee_api.inference_model import RolloutStatus
from perigee_operator.domain.rollout.evidence import Evidence, Source
from perigee_operator.domain.rollout.judgement import Judgement, Policy, judge
from perigee_operator.domain.rollout.progress import WaveProgress
from perigee_operator.domain.rollout.revision import new_revision
from perigee_operator.domain.rollout.rollout_state import RolloutState

REVISION = new_revision(model_spec(), IMAGE)
BAD = Evidence("GoldenSetFailed", "Revision b on sat-1: 0.41.")
NO_FILE = Evidence("NotFound", "Revision b on sat-1: 404", Source.FILE)
STEPS = [{"wave": {"count": 1}}, {"pause": {"duration": 30}}]
DEADLINE_S = 100


def judged(
    verified: str = "",
    *,
    step: int = 0,
    stable: str | None = "a",
    evidence: Evidence | None = None,
    moment: float = 0,
    **more: bool,
) -> Judgement:
    """Of a wave of one satellite, or past the last step of two: x and y."""
    status = RolloutStatus(
        candidate="b",
        step=step,
        all_passed=step >= len(STEPS),
        started=at(0),
        step_started=at(0),
        held=more.pop("held", False),
    )
    wave = tuple(satellite(name) for name in ("x" if step < len(STEPS) else "xy"))
    since = {name: at(0) for name in verified}
    progress = WaveProgress(
        REVISION, wave, frozenset(verified), 0, 0, 50, placed_at={"x": at(0)}, verified_at=since
    )
    rollout = model_spec(steps=STEPS, rollout={"deadline": DEADLINE_S, "steps": STEPS}).rollout
    given: dict[str, Any] = {"paused": False, "every_satellite": False} | more
    state = RolloutState(stable=stable, rollout=status)
    return judge(state, progress, Policy(rollout, **given), evidence, at(moment))


def fate(found: Judgement) -> str:
    if found.state.stable == "b":
        return "promoted"
    if found.state.aborted is not None:
        return f"aborted: {found.state.aborted.reason}"
    return f"step {found.state.rollout.step}" if found.state.rollout else "none"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "step 0"),
        ({"verified": "x"}, "step 1"),
        ({"verified": "x", "step": 1, "moment": 29}, "step 1"),
        ({"verified": "x", "step": 1, "moment": 30}, "step 2"),
        ({"verified": "x", "step": 2}, "step 2"),
        ({"verified": "x", "step": 2, "every_satellite": True}, "promoted"),
        ({"verified": "xy", "step": 2}, "promoted"),
        ({"verified": "xy", "step": 9}, "promoted"),
        ({"verified": "x", "paused": True}, "step 0"),
        ({"evidence": BAD}, "aborted: GoldenSetFailed"),
        ({"evidence": BAD, "verified": "xy", "step": 2}, "aborted: GoldenSetFailed"),
        ({"evidence": BAD, "paused": True}, "aborted: GoldenSetFailed"),
        ({"evidence": BAD, "stable": None}, "aborted: GoldenSetFailed"),
        ({"evidence": NO_FILE}, "aborted: NotFound"),
        ({"evidence": NO_FILE, "stable": None}, "step 0"),
        ({"evidence": NO_FILE, "stable": None, "verified": "x"}, "step 1"),
        ({"evidence": NO_FILE, "stable": None, "verified": "xy", "step": 2}, "promoted"),
        ({"moment": 100}, "step 0"),
        ({"moment": 101}, "aborted: DeadlineExceeded"),
        ({"moment": 101, "paused": True}, "step 0"),
        ({"moment": 101, "held": True}, "step 0"),
        ({"verified": "x", "held": True}, "step 0"),
        ({"evidence": BAD, "held": True}, "aborted: GoldenSetFailed"),
        ({"moment": 101, "stable": None}, "step 0"),
        ({"moment": 101, "verified": "x"}, "step 1"),
    ],
)
def test_what_becomes_of_a_rollout(asked: dict[str, Any], expected: str) -> None:
    assert fate(judged(**asked)) == expected


@pytest.mark.parametrize(
    ("asked", "reason", "message"),
    [
        ({"verified": "x"}, "StepPassed", "Step 1 of revision b has passed: verified on 1 of 1"),
        ({"verified": "x", "step": 1, "moment": 30}, "StepPassed", "Step 2 of revision b has pass"),
        ({"verified": "xy", "step": 2}, "Promoted", "Revision b serves after a."),
        ({"verified": "xy", "step": 2, "stable": None}, "Promoted", "Revision b serves."),
        ({"evidence": BAD}, "RolloutAborted", "Revision b on sat-1: 0.41. Revision a serves."),
        ({"evidence": BAD, "stable": None}, "RolloutAborted", "Revision b on sat-1: 0.41. No rev"),
    ],
)
def test_each_turn_is_announced_and_followed_at_once(
    asked: dict[str, Any], reason: str, message: str
) -> None:
    found = judged(**asked)
    (note,) = found.notes
    assert note.reason == reason
    assert note.message.startswith(message)
    assert not note.message.endswith(": ")
    assert found.next_change_s == 0


def test_what_holds_is_told_and_not_announced() -> None:
    assert judged(paused=True).message == "Revision b is paused by spec.paused."
    assert judged().message.startswith("verified on 0 of 1 satellites; x has not begun")
    assert judged().notes == ()
    waiting = judged(evidence=NO_FILE, stable=None)
    assert waiting.message.startswith("NotFound: Revision b on sat-1: 404; verified on 0 of 1 s")
    assert waiting.notes == ()
    last = judged(evidence=NO_FILE, stable=None, step=2, verified="x")
    assert last.message.startswith("NotFound: Revision b on sat-1: 404; verified on 1 of 2 sat")
    paused = judged(evidence=NO_FILE, stable=None, paused=True)
    assert paused.message == "Revision b is paused by spec.paused."


def test_without_a_rollout_nothing_is_judged() -> None:
    progress = WaveProgress(REVISION, (), frozenset(), 0, 0, 20)
    policy = Policy(model_spec().rollout, paused=False, every_satellite=False)
    assert judge(RolloutState(stable="a"), progress, policy, BAD, at(0)) == Judgement(
        RolloutState(stable="a")
    )


@pytest.mark.parametrize(
    ("asked", "idle"),
    [
        ({}, False),
        ({"verified": "x"}, False),
        ({"verified": "x", "step": 1}, False),
        ({"evidence": NO_FILE, "stable": None}, True),
        ({"moment": 101, "stable": None}, True),
        ({"moment": 100, "stable": None}, False),
        ({"moment": 101, "stable": None, "verified": "x"}, False),
        # Whether it is paused is seen without this.
        ({"paused": True}, False),
    ],
)
def test_what_neither_satellites_nor_time_lead_on_is_idle(
    asked: dict[str, Any], *, idle: bool
) -> None:
    assert judged(**asked).idle == idle
