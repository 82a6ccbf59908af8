"""Rollouts judged by what satellites report, on a fleet on paper with the promises watched."""

from typing import Any

import pytest

from paper_fleet.intents import model_body
from paper_fleet.scenes import revision, serving, watched
from paper_fleet.traffic import Traffic
from perigee_api.comparison import ComparisonStatus
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_api.served import Counts
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

REQUESTS = 10_000
GOOD = Counts(errors=1, latency={40: REQUESTS - 1})
FAILING = Counts(errors=300, latency={40: REQUESTS - 300})
SLOW = Counts(errors=1, latency={46: REQUESTS - 1})
ENOUGH = 15
"""Blocks of one satellite that show that a revision is as good."""
ONE: dict[str, Any] = {"wave": {"count": 1}}
HALF: dict[str, Any] = {"weight": 50}
"""Without a weight nobody asks the candidate."""
GATE: dict[str, Any] = {"pause": {}}


def compare(**more: Any) -> dict[str, Any]:
    return {"analysis": {"comparison": more}}


def asked(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return model_body(artifact_number=2, replicas=2, steps=steps, **more)


class Scene:
    """The first revision serves, and has been asked for a while."""

    def __init__(self) -> None:
        self.fleet = watched(3)
        self.fleet.ask("m", model_body(replicas=2))
        self.fleet.pass_time(60)
        self.first = revision(self.fleet, 1)
        self.candidate = GOOD
        """What the second revision counts in a block."""
        self.traffic = Traffic(self.fleet, self._answers)
        self.traffic.flow(2)

    def _answers(self, name: str) -> Counts:
        return GOOD if name == self.first else self.candidate

    @property
    def kept(self) -> ComparisonStatus:
        """What the status keeps of the comparison."""
        rollout = self.fleet.model().rollout
        assert rollout is not None
        assert rollout.comparison is not None
        return rollout.comparison

    def introduce(self, *steps: dict[str, Any]) -> None:
        self.fleet.ask("m", asked(*steps))

    def is_stable(self, number: int) -> bool:
        return self.fleet.model().stable_revision == revision(self.fleet, number)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_candidate_that_is_as_good_passes_and_it_is_told_why(scene: Scene) -> None:
    scene.introduce(ONE, HALF, compare())
    scene.traffic.flow(3)
    assert "Comparison of latency is inconclusive" in scene.fleet.model().message
    scene.traffic.flow(ENOUGH)
    assert scene.is_stable(2)
    passed = [e.message for e in scene.fleet.model().history if e.reason == "StepPassed"][-1]
    for aspect in ("latency", "tail latency", "errors"):
        assert f"Comparison of {aspect} has passed" in passed
    assert "margin 18.92 % before and after" in passed
    assert "wanted 20 to 1" in passed


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (FAILING, ["Comparison of errors has failed", "of the stable revision's 0.01 %"]),
        (SLOW, ["Comparison of latency has failed", "Comparison of tail latency has failed"]),
    ],
    ids=["errors", "slow"],
)
def test_a_candidate_that_is_worse_is_given_up_with_an_explanation(
    scene: Scene, counts: Counts, words: list[str]
) -> None:
    scene.candidate = counts
    scene.introduce(ONE, HALF, compare())
    scene.traffic.flow(ENOUGH)
    status = scene.fleet.model()
    assert status.phase is ModelPhase.DEGRADED
    assert status.aborted is not None
    assert status.aborted.reason == "AnalysisFailed"
    assert any(each in status.aborted.message for each in words)
    assert "before and after" in status.aborted.message
    assert status.history[-1].reason == "RolloutAborted"
    assert set(serving(scene.fleet).values()) == {scene.first}


def test_it_takes_several_blocks_however_bad_they_are(scene: Scene) -> None:
    scene.candidate = Counts(errors=REQUESTS)
    scene.introduce(ONE, HALF, compare())
    while scene.fleet.model().aborted is None:
        scene.traffic.flow()
    assert scene.traffic.blocks[revision(scene.fleet, 2)] >= 5


def test_without_requests_it_waits(scene: Scene) -> None:
    scene.introduce(ONE, HALF, compare())
    scene.fleet.pass_time(300)
    status = scene.fleet.model()
    assert status.phase is ModelPhase.WAITING
    assert "Comparison of errors has no data" in status.message
    scene.traffic.flow(ENOUGH + 3)
    assert scene.is_stable(2)


@pytest.mark.parametrize(("action", "number"), [("Abort", 1), ("Continue", 2)])
def test_without_requests_it_may_abort_or_go_on_after_a_while(
    scene: Scene, action: str, number: int
) -> None:
    scene.introduce(ONE, HALF, compare(onNoData={"action": action, "after": 120}))
    scene.fleet.pass_time(90)
    assert scene.fleet.model().phase is ModelPhase.WAITING
    scene.fleet.pass_time(180)
    assert scene.is_stable(number)
    assert scene.fleet.model().rollout is None


def test_what_is_undecided_may_go_on_after_a_while(scene: Scene) -> None:
    # Between the margins: neither worse by more, nor shown to be as good.
    scene.candidate = Counts(errors=51, latency={40: REQUESTS - 51})
    scene.introduce(ONE, HALF, compare(onInconclusive={"action": "Continue", "after": 400}))
    scene.traffic.flow(5)
    assert not scene.is_stable(2)
    assert scene.kept.verdict == "Inconclusive"
    scene.traffic.flow(6)
    assert scene.is_stable(2)


def test_what_has_passed_can_still_fail_while_a_later_step_waits(scene: Scene) -> None:
    scene.introduce(ONE, HALF, compare(), GATE)
    scene.traffic.flow(ENOUGH + 3)
    assert "until somebody asks for Resume" in scene.fleet.model().message
    assert scene.kept.verdict == "Pass"
    scene.candidate = FAILING
    scene.traffic.flow(2 * ENOUGH)
    aborted = scene.fleet.model().aborted
    assert aborted is not None
    assert "Comparison of errors has failed" in aborted.message


def test_each_block_is_compared_once_however_often_it_is_told(scene: Scene) -> None:
    scene.introduce(ONE, HALF, compare(), GATE)
    scene.traffic.flow(8)
    counted = scene.traffic.blocks[revision(scene.fleet, 2)]
    scene.fleet.pass_time(120)
    # Written once a minute: the last may be missing, and the first had begun before.
    assert counted - 2 <= scene.kept.blocks <= counted
    assert scene.kept.requests == scene.kept.blocks * REQUESTS


def test_restarts_lose_evidence_and_make_none_up(scene: Scene) -> None:
    scene.introduce(ONE, HALF, compare(), GATE)
    found = []
    for _ in range(8):
        scene.traffic.flow(3)
        scene.fleet.restart()
        scene.fleet.pass_time(20)
        found.append(scene.kept.blocks)
        assert scene.kept.blocks <= scene.traffic.blocks.get(revision(scene.fleet, 2), 0)
    assert found == sorted(found), "what was written is gone on from"
    assert found[-1] > 3
    scene.traffic.flow(ENOUGH)
    assert scene.kept.verdict == "Pass"


def test_what_was_counted_while_nobody_heard_it_comes_later(scene: Scene) -> None:
    scene.candidate = FAILING
    scene.introduce(ONE, HALF, compare())
    scene.traffic.flow(2)
    (host,) = [s for s, r in serving(scene.fleet).items() if r == revision(scene.fleet, 2)]
    scene.fleet.satellites[host].agent_runs = False
    before = scene.kept.blocks
    scene.traffic.flow(8)
    assert scene.kept.blocks == before
    scene.fleet.satellites[host].agent_runs = True
    scene.fleet.pass_time(20)
    assert scene.fleet.model().aborted is not None


def test_a_comparison_that_is_changed_on_the_way_begins_anew(scene: Scene) -> None:
    scene.candidate = FAILING
    scene.introduce(ONE, HALF, compare())
    scene.traffic.flow(3)
    started = scene.kept.started
    scene.introduce(ONE, HALF, compare(maxMoreErrors=0.1))
    scene.fleet.pass_time(10)
    assert scene.kept.started > started
    assert scene.kept.blocks == 0
    scene.traffic.flow(ENOUGH + 3)
    assert scene.is_stable(2)


def test_an_aborted_rollout_that_is_tried_again_is_compared_anew(scene: Scene) -> None:
    scene.candidate = FAILING
    scene.introduce(ONE, HALF, compare())
    scene.traffic.flow(ENOUGH)
    assert scene.fleet.model().aborted is not None
    scene.candidate = GOOD
    scene.fleet.act(RolloutVerb.RETRY)
    scene.traffic.flow(ENOUGH + 5)
    assert scene.is_stable(2)


def test_the_first_revision_has_nothing_to_be_compared_with() -> None:
    fleet = watched(2)
    fleet.ask("m", model_body(replicas=1, steps=[ONE, HALF, compare()]))
    fleet.pass_time(60)
    assert fleet.model().phase is ModelPhase.HEALTHY


POLICY = ObjectKey(kinds.ROLLOUT_POLICY, "careful")


def test_a_comparison_goes_on_without_its_policy(scene: Scene) -> None:
    scene.fleet.api.create(POLICY, {"spec": {"steps": [ONE, HALF, compare()]}})
    body = model_body(artifact_number=2, replicas=2)
    scene.fleet.ask("m", body | {"rollout": {"policy": "careful"}})
    scene.traffic.flow(3)
    assert scene.kept.step == 2
    scene.fleet.api.remove(POLICY)
    scene.traffic.flow(ENOUGH)
    assert "there is no RolloutPolicy careful" in scene.fleet.model().message
    assert scene.kept.verdict == "Pass", "and leads no further"
    scene.candidate = FAILING
    scene.traffic.flow(2 * ENOUGH)
    aborted = scene.fleet.model().aborted
    assert aborted is not None
    assert "Comparison of errors has failed" in aborted.message


def test_metrics_and_a_comparison_in_one_step_both_have_to_pass(scene: Scene) -> None:
    metric = {
        "name": "errors",
        "prometheus": {"address": "http://prometheus", "query": "errors"},
        "successCondition": "value < 0.05",
    }
    scene.introduce(ONE, HALF, {"analysis": {"metrics": [metric], "comparison": {}}})
    scene.traffic.flow(ENOUGH + 3)
    assert scene.kept.verdict == "Pass"
    assert "Metric errors has no data" in scene.fleet.model().message
    scene.fleet.metrics.answers["errors"] = [0.01]
    scene.traffic.flow(2)
    assert scene.is_stable(2)
