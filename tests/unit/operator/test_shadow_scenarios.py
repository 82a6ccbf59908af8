"""Rollouts judged by answers that nobody gets, on a fleet on paper with the promises watched."""

from typing import Any

import pytest

from paper_fleet.intents import artifact, model_body
from paper_fleet.scenes import hosts, revision, serving, watched, where
from paper_fleet.traffic import Traffic
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_api.served import Counts
from perigee_api.shadow import ShadowStatus
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

COUNTS = Counts(errors=0, latency={40: 1000})
GOOD = {"compared": 50, "agreed": 50, "dropped": 3}
OTHER = {"compared": 50, "agreed": 40}
SILENT = {"failed": 50}
ENOUGH = 12
"""Blocks of two satellites that show that 98 % agree."""
TWO: dict[str, Any] = {"wave": {"count": 2}}
GATE: dict[str, Any] = {"pause": {}}


def shadow(**more: Any) -> dict[str, Any]:
    return {"shadow": more}


def asked(*steps: dict[str, Any], number: int = 2) -> dict[str, Any]:
    body = model_body(artifact_number=number, replicas=3, steps=steps)
    return body | {"golden": artifact(90)}


class Scene:
    """The first revision serves; what the second answers beside it, a test says."""

    def __init__(self) -> None:
        self.fleet = watched(3)
        self.fleet.ask("m", asked(number=1))
        self.fleet.pass_time(60)
        self.first = revision(self.fleet, 1)
        self.answers: dict[str, dict[str, int]] = {}
        """By satellite; else `otherwise`."""
        self.otherwise = GOOD
        self.traffic = Traffic(self.fleet, lambda _: COUNTS, self._agreeing)

    def _agreeing(self, satellite: str) -> dict[str, int]:
        return self.answers.get(satellite, self.otherwise)

    @property
    def kept(self) -> ShadowStatus:
        """What the status keeps of it."""
        rollout = self.fleet.model().rollout
        assert rollout is not None
        assert rollout.shadow is not None
        return rollout.shadow

    def introduce(self, *steps: dict[str, Any]) -> None:
        self.fleet.ask("m", asked(*steps))
        self.fleet.pass_time(60)

    def is_stable(self, number: int) -> bool:
        return self.fleet.model().stable_revision == revision(self.fleet, number)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_candidate_whose_answers_agree_passes_and_nobody_was_answered_by_it(
    scene: Scene,
) -> None:
    scene.introduce(TWO, shadow(percent=7))
    second = revision(scene.fleet, 2)
    found = [pod["metadata"]["labels"] for pod in scene.fleet.pods()]
    shares = {each[names.REVISION_LABEL]: each.get(names.SHADOW_LABEL) for each in found}
    assert shares == {scene.first: None, second: "7"}
    assert where(scene.fleet, names.SHADOW_LABEL) == hosts(scene.fleet, second)
    scene.traffic.flow(2)
    assert set(serving(scene.fleet).values()) == {scene.first}
    assert "Shadow agreement is inconclusive" in scene.fleet.model().message
    scene.traffic.flow(ENOUGH)
    assert scene.is_stable(2)
    passed = [e.message for e in scene.fleet.model().history if e.reason == "StepPassed"][-1]
    assert "Shadow agreement has passed: as many of the candidate's answers agree" in passed
    assert "agreeing 100 %, asked 98 %, compared" in passed
    assert "satellites 2" in passed
    assert not where(scene.fleet, names.SHADOW_LABEL)


@pytest.mark.parametrize("counts", [OTHER, SILENT], ids=["other answers", "no answers"])
def test_a_candidate_that_answers_otherwise_is_given_up_with_figures(
    scene: Scene, counts: dict[str, int]
) -> None:
    scene.otherwise = counts
    scene.introduce(TWO, shadow())
    scene.traffic.flow(ENOUGH)
    status = scene.fleet.model()
    assert status.phase is ModelPhase.DEGRADED
    assert status.aborted is not None
    assert status.aborted.reason == "AnalysisFailed"
    assert "Shadow agreement has failed: fewer" in status.aborted.message
    assert "asked 98 %" in status.aborted.message
    assert status.history[-1].reason == "RolloutAborted"
    assert set(serving(scene.fleet).values()) == {scene.first}
    assert not where(scene.fleet, names.SHADOW_LABEL)


def test_it_takes_several_blocks_however_bad_they_are(scene: Scene) -> None:
    scene.otherwise = SILENT
    scene.introduce(TWO, shadow())
    while scene.fleet.model().aborted is None:
        scene.traffic.flow()
    assert scene.traffic.blocks[scene.first] >= 5


def test_one_satellite_on_which_it_answers_otherwise_is_found_among_good_ones(
    scene: Scene,
) -> None:
    # Of both together 99 % agree: no more differ than may.
    scene.introduce(TWO, shadow(agreement=0.98))
    good, bad = sorted(hosts(scene.fleet, revision(scene.fleet, 2)))
    scene.answers = {
        good: {"compared": 900, "agreed": 900},
        bad: {"compared": 50, "agreed": 41},
    }
    scene.traffic.flow(2 * ENOUGH)
    aborted = scene.fleet.model().aborted
    assert aborted is not None
    assert f"Shadow agreement on {bad} has failed" in aborted.message
    assert "agreeing 82 %" in aborted.message


def test_where_nobody_asks_there_is_no_data_and_it_waits(scene: Scene) -> None:
    scene.introduce(TWO, shadow())
    scene.fleet.pass_time(600)
    status = scene.fleet.model()
    assert status.phase is ModelPhase.WAITING
    assert "Shadow agreement has no data" in status.message
    scene.traffic.flow(ENOUGH + 3)
    assert scene.is_stable(2)


@pytest.mark.parametrize(("action", "number"), [("Abort", 1), ("Continue", 2)])
def test_where_nobody_asks_it_may_abort_or_go_on_after_a_while(
    scene: Scene, action: str, number: int
) -> None:
    scene.introduce(TWO, shadow(onNoData={"action": action, "after": 300}))
    scene.fleet.pass_time(120)
    assert scene.fleet.model().rollout is not None
    scene.fleet.pass_time(300)
    assert scene.is_stable(number)
    assert scene.fleet.model().rollout is None


def test_a_satellite_that_compares_nothing_holds_the_step_by_name(scene: Scene) -> None:
    scene.introduce(TWO, shadow(onNoData={"action": "Continue", "after": 3000}))
    silent, _ = sorted(hosts(scene.fleet, revision(scene.fleet, 2)))
    scene.answers = {silent: {"dropped": 9}}
    scene.traffic.flow(2 * ENOUGH)
    assert not scene.is_stable(2)
    assert f"Shadow agreement on {silent} has no data" in scene.fleet.model().message
    assert scene.kept.verdict == "Pass", "of all that was compared"
    scene.fleet.pass_time(3000)
    assert scene.is_stable(2)


def test_what_has_passed_can_still_fail_while_a_later_step_waits(scene: Scene) -> None:
    scene.introduce(TWO, shadow(), GATE)
    scene.traffic.flow(ENOUGH + 3)
    assert "until somebody asks for Resume" in scene.fleet.model().message
    assert scene.kept.verdict == "Pass"
    scene.otherwise = OTHER
    scene.traffic.flow(2 * ENOUGH)
    aborted = scene.fleet.model().aborted
    assert aborted is not None
    assert "Shadow agreement has failed" in aborted.message


def test_restarts_lose_evidence_and_make_none_up(scene: Scene) -> None:
    scene.introduce(TWO, shadow(), GATE)
    found = []
    for _ in range(5):
        scene.traffic.flow(3)
        scene.fleet.restart()
        scene.fleet.pass_time(20)
        found.append(scene.kept.compared)
        assert scene.kept.compared <= 50 * scene.traffic.blocks[scene.first]
    assert found == sorted(found), "what was written is gone on from"
    assert found[-1] > 300
    scene.traffic.flow(ENOUGH)
    assert scene.kept.verdict == "Pass"


def test_another_share_changes_nothing_and_another_agreement_begins_anew(scene: Scene) -> None:
    scene.introduce(TWO, shadow(), GATE)
    scene.traffic.flow(4)
    started, compared = scene.kept.started, scene.kept.compared
    scene.introduce(TWO, shadow(percent=50), GATE)
    assert (scene.kept.started, scene.kept.compared) == (started, compared)
    shares = {p["metadata"]["labels"].get(names.SHADOW_LABEL) for p in scene.fleet.pods()}
    assert shares == {None, "50"}
    scene.introduce(TWO, shadow(agreement=0.9), GATE)
    assert scene.kept.started > started
    assert scene.kept.compared < compared


def test_a_candidate_that_is_tried_again_is_judged_anew(scene: Scene) -> None:
    scene.otherwise = OTHER
    scene.introduce(TWO, shadow())
    scene.traffic.flow(ENOUGH)
    assert scene.fleet.model().aborted is not None
    scene.otherwise = GOOD
    scene.fleet.act(RolloutVerb.RETRY)
    scene.traffic.flow(ENOUGH + 5)
    assert scene.is_stable(2)


def test_the_first_revision_has_nothing_to_answer_beside() -> None:
    fleet = watched(3)
    fleet.ask("m", asked(TWO, shadow(), number=1))
    fleet.pass_time(60)
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert not where(fleet, names.SHADOW_LABEL)


POLICY = ObjectKey(kinds.ROLLOUT_POLICY, "careful")


def test_it_goes_on_without_its_policy_and_can_fail(scene: Scene) -> None:
    scene.fleet.api.create(POLICY, {"spec": {"steps": [TWO, shadow()]}})
    scene.fleet.ask("m", asked() | {"rollout": {"policy": "careful"}})
    scene.fleet.pass_time(60)
    scene.traffic.flow(3)
    assert scene.kept.step == 1
    scene.fleet.api.remove(POLICY)
    scene.traffic.flow(ENOUGH)
    assert "there is no RolloutPolicy careful" in scene.fleet.model().message
    assert scene.kept.verdict == "Pass", "and leads no further"
    scene.otherwise = OTHER
    scene.traffic.flow(2 * ENOUGH)
    aborted = scene.fleet.model().aborted
    assert aborted is not None
    assert "Shadow agreement has failed" in aborted.message


def test_a_policy_with_a_shadow_wants_a_golden_set(scene: Scene) -> None:
    scene.fleet.api.create(POLICY, {"spec": {"steps": [TWO, shadow()]}})
    body = model_body(artifact_number=2, replicas=3) | {"rollout": {"policy": "careful"}}
    scene.fleet.ask("m", body)
    scene.fleet.pass_time(60)
    assert "spec.golden is not given" in scene.fleet.model().message
