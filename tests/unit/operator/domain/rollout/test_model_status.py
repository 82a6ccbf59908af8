from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import at, model_view, pod, satellite, situation
from perigee_api import names
from perigee_api.inference_model import (
    AbortedRollout,
    InferenceModelSpec,
    ModelPhase,
    RolloutStatus,
)
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.rollout.judgement import Judgement
from perigee_operator.domain.rollout.model_status import Serving, invalid_status, model_status
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.satellite import Satellite

STEPS = [{"wave": {"count": 1}}, {"weight": 50}]
SPEC = model_spec(replicas=2, steps=STEPS)
EVERY = model_spec(replicas=None)
DARK = SatellitePhase.EXPECTED_DARK
FLEET = (satellite("s"), satellite("t"))
GIVEN_UP = AbortedRollout(
    revision="b", reason="GoldenSetFailed", message="Revision b on s: 0.41.", time=at(0)
)


def trying(step: int = 0) -> RolloutStatus:
    passed = step >= len(SPEC.rollout.steps)
    return RolloutStatus(
        candidate="b", step=step, all_passed=passed, started=at(0), step_started=at(0)
    )


def told(
    state: RolloutState,
    active: int = 0,
    *,
    spec: InferenceModelSpec = SPEC,
    fleet: Sequence[Satellite] = FLEET,
    **judgement: Any,
) -> tuple[str, str]:
    found = model_status(
        situation(model_view(spec), *fleet),
        Judgement(state, **judgement),
        Serving(active, 0, 0),
        1,
        at(0),
    )
    return found.phase.value, found.message


@pytest.mark.parametrize(
    ("found", "phase", "message"),
    [
        (told(RolloutState("a"), 2), "Healthy", ""),
        (told(RolloutState("a"), 1), "Degraded", "1 of 2 copies serve; others are starting."),
        (
            told(RolloutState("a"), 0, spec=model_spec(replicas=0)),
            "Healthy",
            "No copies are wanted.",
        ),
        (
            told(RolloutState("a"), 0, fleet=[]),
            "Waiting",
            "0 of 2 copies serve. No satellite qualifies: there are none.",
        ),
        (
            told(
                RolloutState("a"),
                1,
                fleet=[satellite("s"), satellite("t", phase=SatellitePhase.LOST)],
            ),
            "Degraded",
            "1 of 2 copies serve; only 1 satellites qualify: t is Lost.",
        ),
        (
            told(
                RolloutState("a"), 1, spec=EVERY, fleet=[satellite("s"), satellite("t", phase=DARK)]
            ),
            "Waiting",
            "1 of 2 copies serve; t out of contact.",
        ),
        (
            told(RolloutState("a", rollout=trying()), 2, message="s is starting it"),
            "Progressing",
            "Revision b, step 1 of 2 (wave): s is starting it.",
        ),
        (
            told(RolloutState("a", rollout=trying(1)), 2, message="x", stands_still=True),
            "Waiting",
            "Revision b, step 2 of 2 (weight): x.",
        ),
        (
            told(RolloutState("a", rollout=trying(2)), 2),
            "Progressing",
            "Revision b, reaching its full number.",
        ),
        (
            told(
                RolloutState("a", rollout=trying()),
                2,
                spec=model_spec(paused=True),
                message="Revision b is paused by spec.paused.",
            ),
            "Paused",
            "Revision b is paused by spec.paused.",
        ),
        (
            told(RolloutState(rollout=trying()), 0, spec=model_spec(replicas=0)),
            "Waiting",
            "No copies are wanted; revision b is tried when some are.",
        ),
        (
            told(RolloutState("a", aborted=GIVEN_UP), 2),
            "Degraded",
            "GoldenSetFailed: Revision b on s: 0.41; revision a serves.",
        ),
        (
            told(RolloutState(aborted=GIVEN_UP), 1),
            "Degraded",
            "GoldenSetFailed: Revision b on s: 0.41; no revision is stable.",
        ),
    ],
)
def test_the_phase_and_why(found: tuple[str, str], phase: str, message: str) -> None:
    assert found == (phase, message)


STUCK = pod("p", "a", None, unscheduled="0/2 nodes are available: 2 Insufficient memory")
OPEN = {names.node_revision_label("default", "m", "a"): "true"}


@pytest.mark.parametrize(
    ("fleet", "message"),
    [
        (
            [satellite("s"), satellite("t", labels=OPEN)],
            "1 Pod finds no satellite: 0/2 nodes are available: 2 Insufficient memory.",
        ),
        # Perigee has opened none to it yet, or none that can be reached: that comes by itself.
        ([satellite("s"), satellite("t")], "others are starting."),
        ([satellite("s"), satellite("t", labels=OPEN, phase=DARK)], "others are starting."),
        ([satellite("s"), satellite("on", labels=OPEN)], "others are starting."),
    ],
)
def test_where_a_pod_finds_no_satellite_the_scheduler_s_words_say_why(
    fleet: Sequence[Satellite], message: str
) -> None:
    model = model_view(SPEC, pods=(STUCK, pod("q", "a", "on")))
    found = model_status(
        situation(model, *fleet), Judgement(RolloutState("a")), Serving(1, 0, 1), 1, at(0)
    )
    assert found.message == f"1 of 2 copies serve; {message}"


def test_why_satellites_do_not_qualify() -> None:
    spec = model_spec(placement={"architectures": ["amd64"]})
    fleet = [satellite("s", phase=SatellitePhase.PENDING), satellite("t")]
    found = model_status(
        replace(situation(model_view(spec), *fleet), eligible=()),
        Judgement(RolloutState("a")),
        Serving(0, 0, 0),
        0,
        at(0),
    )
    assert found.message.endswith("s is Pending, t: architecture arm64 is not asked for.")


def test_figures_of_a_rollout() -> None:
    judgement = Judgement(RolloutState("a", "z", rollout=trying(1)))
    found = model_status(situation(model_view(SPEC), *FLEET), judgement, Serving(3, 1, 2), 1, at(0))
    assert (found.stable_revision, found.candidate_revision, found.previous_revision) == (
        "a",
        "b",
        "z",
    )
    assert (found.replicas, found.active, found.weight) == (2, 3, 33)
    assert found.rollout is not None
    assert (found.rollout.wave, found.rollout.weight) == (1, 50)
    assert found.selector == "perigee.space/model=m,perigee.space/active=true"
    assert {c.type: c.status for c in found.conditions} == {
        "Available": "True",
        "Degraded": "False",
        "Progressing": "True",
        "SpecValid": "True",
    }


@pytest.mark.parametrize(
    ("stable", "phase"), [("a", ModelPhase.DEGRADED), (None, ModelPhase.PENDING)]
)
def test_a_spec_that_makes_no_sense(stable: str | None, phase: ModelPhase) -> None:
    model = replace(model_view(stable=stable), spec=None, spec_error="artifact.size: too small")
    found = invalid_status(model, 1, at(0))
    assert found.active == 1
    assert (found.phase, found.stable_revision) == (phase, stable)
    assert found.message == "spec is not valid: artifact.size: too small"
    assert [(c.type, c.status) for c in found.conditions] == [("SpecValid", "False")]
