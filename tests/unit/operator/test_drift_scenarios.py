"""Rollouts judged by how far requests are from the golden set, with the promises watched."""

from typing import Any

import pytest

from paper_fleet.intents import artifact, model_body
from paper_fleet.scenes import revision, serving, watched
from paper_fleet.traffic import Traffic
from perigee_api.drift import DriftStatus
from perigee_api.features import FeatureCounts, FeaturesCounts
from perigee_api.inference_model import ModelPhase
from perigee_api.served import Counts
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

COUNTS = Counts(errors=0, latency={40: 50})
LIKE, FAR = (5,) * 10, (0,) * 8 + (20, 30)
ENOUGH = 6
"""Blocks, on two satellites, that are enough samples."""
TWO: dict[str, Any] = {"wave": {"count": 2}}
ASKED: dict[str, Any] = {"weight": 67}
GATE: dict[str, Any] = {"pause": {}}


def drift(**more: Any) -> dict[str, Any]:
    return {"analysis": {"drift": more}}


def asked(*steps: dict[str, Any], number: int = 2) -> dict[str, Any]:
    body = model_body(artifact_number=number, replicas=3, steps=steps)
    return body | {"golden": artifact(90)}


class Scene:
    """The first revision serves; what the second is asked and answers, a test says."""

    def __init__(self) -> None:
        self.fleet = watched(3)
        self.fleet.ask("m", asked(number=1))
        self.fleet.pass_time(60)
        self.first = revision(self.fleet, 1)
        self.scores: tuple[int, ...] | None = LIKE
        self.means = LIKE
        self.traffic = Traffic(self.fleet, lambda _: COUNTS, features=self._counted)

    def _counted(self, revision: str) -> FeaturesCounts | None:
        """What was far before is none of the candidate's doing."""
        if self.scores is None:
            return None
        first = revision == self.first
        return FeaturesCounts(
            score=FeatureCounts(golden=(20,) * 10, live=FAR if first else self.scores),
            mean=FeatureCounts(golden=(20,) * 10, live=FAR if first else self.means),
        )

    @property
    def kept(self) -> DriftStatus:
        """What the status keeps of it."""
        rollout = self.fleet.model().rollout
        assert rollout is not None
        assert rollout.drift is not None
        return rollout.drift

    def introduce(self, *steps: dict[str, Any]) -> None:
        self.fleet.ask("m", asked(*steps))
        self.fleet.pass_time(60)

    def is_stable(self, number: int) -> bool:
        return self.fleet.model().stable_revision == revision(self.fleet, number)

    def abortion(self) -> str:
        """Why the candidate was given up."""
        status = self.fleet.model()
        assert status.aborted is not None
        assert status.aborted.reason == "AnalysisFailed"
        return status.aborted.message


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_candidate_that_is_asked_what_its_golden_set_has_passes(scene: Scene) -> None:
    scene.introduce(TWO, ASKED, drift())
    scene.traffic.flow(2)
    assert "Drift of scores has no data: too few samples" in scene.fleet.model().message
    scene.traffic.flow(ENOUGH)
    assert scene.is_stable(2)
    passed = [e.message for e in scene.fleet.model().history if e.reason == "StepPassed"][-1]
    assert "Drift of scores has passed" in passed
    assert "Drift of the inputs' mean has passed" in passed
    assert "stability index 0, limit 0.25" in passed


@pytest.mark.parametrize("what", ["scores", "means"])
def test_one_that_has_drifted_is_given_up_with_figures(scene: Scene, what: str) -> None:
    setattr(scene, what, FAR)
    scene.introduce(TWO, ASKED, drift())
    scene.traffic.flow(ENOUGH)
    subject = {"scores": "scores", "means": "the inputs' mean"}[what]
    assert f"Drift of {subject} has failed: requests are further" in scene.abortion()
    assert scene.fleet.model().phase is ModelPhase.DEGRADED
    assert set(serving(scene.fleet).values()) == {scene.first}


def test_a_limit_of_its_own_lets_inputs_drift(scene: Scene) -> None:
    scene.means = FAR
    scene.introduce(TWO, ASKED, drift(maxInputIndex=10))
    scene.traffic.flow(ENOUGH)
    assert scene.is_stable(2)


def test_where_nobody_counts_samples_it_holds(scene: Scene) -> None:
    scene.scores = None
    scene.introduce(TWO, ASKED, drift())
    scene.traffic.flow(ENOUGH)
    status = scene.fleet.model()
    assert status.phase is ModelPhase.WAITING
    assert "Drift has no data: no request has been compared" in status.message


@pytest.mark.parametrize(("action", "number"), [("Abort", 1), ("Continue", 2)])
def test_or_aborts_or_goes_on_after_a_while(scene: Scene, action: str, number: int) -> None:
    scene.introduce(TWO, ASKED, drift(onNoData={"action": action, "after": 300}))
    scene.fleet.pass_time(120)
    assert scene.fleet.model().rollout is not None
    scene.fleet.pass_time(300)
    assert scene.is_stable(number)
    assert scene.fleet.model().rollout is None


def test_what_has_passed_can_still_fail_and_restarts_forget_nothing(scene: Scene) -> None:
    scene.introduce(TWO, ASKED, drift(), GATE)
    scene.traffic.flow(ENOUGH)
    assert scene.kept.verdict == "Pass"
    counted = scene.kept.features[0].samples
    scene.fleet.restart()
    scene.fleet.pass_time(20)
    assert scene.kept.features[0].samples == counted
    scene.scores = FAR
    scene.traffic.flow(3 * ENOUGH)
    assert "Drift of scores has failed" in scene.abortion()


POLICY = ObjectKey(kinds.ROLLOUT_POLICY, "careful")


def test_it_goes_on_without_its_policy_and_can_fail(scene: Scene) -> None:
    scene.fleet.api.create(POLICY, {"spec": {"steps": [TWO, ASKED, drift(samples=40)]}})
    scene.fleet.ask("m", asked() | {"rollout": {"policy": "careful"}})
    scene.fleet.pass_time(60)
    scene.traffic.flow(2)
    scene.fleet.api.remove(POLICY)
    scene.traffic.flow(ENOUGH)
    assert "there is no RolloutPolicy careful" in scene.fleet.model().message
    assert scene.kept.verdict == "Pass", "and leads no further"
    scene.scores = FAR
    scene.traffic.flow(3 * ENOUGH)
    assert "Drift of scores has failed" in scene.abortion()


def test_a_policy_with_a_drift_wants_a_golden_set(scene: Scene) -> None:
    scene.fleet.api.create(POLICY, {"spec": {"steps": [TWO, drift()]}})
    body = model_body(artifact_number=2, replicas=3) | {"rollout": {"policy": "careful"}}
    scene.fleet.ask("m", body)
    scene.fleet.pass_time(60)
    assert "spec.golden is not given" in scene.fleet.model().message
