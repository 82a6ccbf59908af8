"""Specs that change while a rollout is under way, on a fleet on paper with the promises watched."""

from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import digest_of, model_body
from paper_fleet.scenes import hosts, revision, serving, watched
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain.writes import EventType

SOUND: dict[str, Any] = {
    "name": "errors",
    "prometheus": {"address": "http://prometheus", "query": "errors"},
    "interval": 10,
    "count": 2,
    "successCondition": "value < 0.05",
}
HALF: list[dict[str, Any]] = [
    {"wave": {"count": 1}},
    {"analysis": {"metrics": [SOUND]}},
    {"weight": 50},
    {"pause": {}},
]
UNKNOWN = "00000000"


@pytest.fixture
def half_way() -> PaperFleet:
    """The second revision serves on one of two satellites, until somebody says go."""
    fleet = watched(3)
    fleet.metrics.answers["errors"] = [0.01]
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=HALF))
    fleet.pass_time(90)
    assert "until somebody asks for Resume" in fleet.model().message
    assert set(serving(fleet).values()) == {revision(fleet, 1), revision(fleet, 2)}
    return fleet


ASTRAY: list[tuple[dict[str, Any], ModelPhase, str]] = [
    (
        {"artifact_number": 3, "paused": True},
        ModelPhase.PAUSED,
        "waits: paused by spec.paused.",
    ),
    (
        {"artifact_number": 2, "revision": UNKNOWN},
        ModelPhase.WAITING,
        f"is held, step 4: revision {UNKNOWN} is not in the history.",
    ),
    (
        {"artifact_number": 2, "revision": UNKNOWN, "paused": True},
        ModelPhase.PAUSED,
        f"Revision {UNKNOWN} is not in the history.",
    ),
]
"""Specs that lead no further, how the model says so, and in what words."""


@pytest.mark.parametrize(("spec", "phase", "words"), ASTRAY, ids=["paused", "unknown", "both"])
def test_a_spec_that_leads_no_further_leaves_a_rollout_where_it_is(
    half_way: PaperFleet, spec: dict[str, Any], phase: ModelPhase, words: str
) -> None:
    before, candidate = serving(half_way), revision(half_way, 2)
    half_way.ask("m", model_body(replicas=2, steps=HALF, **spec))
    # Longer than any deadline: it is not the candidate's fault.
    half_way.pass_time(1500)
    status = half_way.model()
    assert serving(half_way) == before
    assert (status.candidate_revision, status.phase) == (candidate, phase)
    assert status.message.endswith(words)
    half_way.ask("m", model_body(artifact_number=2, replicas=2, steps=HALF))
    half_way.pass_time(60)
    assert half_way.model().candidate_revision == candidate
    half_way.act(RolloutVerb.RESUME)
    half_way.pass_time(60)
    assert half_way.model().stable_revision == candidate


@pytest.mark.parametrize("spec", [spec for spec, _, _ in ASTRAY], ids=["paused", "unknown", "both"])
@pytest.mark.parametrize("fault", ["metric", "container"])
def test_what_speaks_against_a_candidate_aborts_it_though_its_spec_leads_no_further(
    half_way: PaperFleet, spec: dict[str, Any], fault: str
) -> None:
    half_way.ask("m", model_body(replicas=2, steps=HALF, **spec))
    half_way.pass_time(30)
    if fault == "metric":
        half_way.metrics.answers["errors"] = [0.2]
    else:
        half_way.files.failing.add(digest_of(2))
    half_way.pass_time(60)
    aborted = half_way.model().aborted
    assert aborted is not None
    assert aborted.revision == revision(half_way, 2)
    assert set(serving(half_way).values()) == {revision(half_way, 1)}


def told(fleet: PaperFleet, reason: str) -> list[tuple[str | None, str]]:
    """Revision and sentence of each Event of the model with that reason."""
    found = [each for each in fleet.api.announced if each.reason == reason]
    assert all(each.type is EventType.NORMAL for each in found)
    return [(each.revision, each.note) for each in found]


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("number", [1, 3])
def test_a_rollout_that_gives_way_to_another_revision_is_told(
    half_way: PaperFleet, *, number: int, paused: bool
) -> None:
    if paused:
        half_way.act(RolloutVerb.PAUSE)
        half_way.pass_time(10)
    candidate = revision(half_way, 2)
    assert told(half_way, "RolloutSuperseded") == []
    half_way.ask("m", model_body(artifact_number=number, replicas=2))
    half_way.pass_time(60)
    to = f"{revision(half_way, number)}{', which serves' if number == 1 else ''}"
    message = f"Revision {candidate} gives way to {to}."
    assert told(half_way, "RolloutSuperseded") == [(candidate, message)]
    (entry,) = (e for e in half_way.model().history if e.reason == "RolloutSuperseded")
    assert (entry.revision, entry.message, entry.by) == (candidate, message, "")
    assert half_way.model().stable_revision == revision(half_way, number)


def test_a_rollout_that_ends_otherwise_gives_way_to_nothing(half_way: PaperFleet) -> None:
    half_way.act(RolloutVerb.ABORT)
    half_way.pass_time(30)
    half_way.act(RolloutVerb.RETRY)
    half_way.pass_time(90)
    half_way.act(RolloutVerb.PROMOTE)
    half_way.pass_time(60)
    half_way.act(RolloutVerb.ROLL_BACK)
    half_way.pass_time(60)
    assert half_way.model().stable_revision == revision(half_way, 1)
    assert told(half_way, "RolloutSuperseded") == []


def test_nobody_new_begins_while_the_spec_names_a_revision_that_nobody_knows() -> None:
    fleet = watched(4)
    fleet.ask("m", model_body(replicas=3))
    fleet.pass_time(60)
    steps: list[dict[str, Any]] = [{"wave": {"count": 2}}, {"pause": {}}]
    fleet.ask("m", model_body(artifact_number=2, replicas=3, steps=steps))
    fleet.pass_time(60)
    began = hosts(fleet, fleet.model().candidate_revision)
    lost = min(began)
    fleet.ask("m", model_body(artifact_number=2, replicas=3, steps=steps, revision=UNKNOWN))
    fleet.pass_time(10)
    fleet.satellites[lost].linked = False
    fleet.pass_time(200)
    assert hosts(fleet, fleet.model().candidate_revision) == began
    fleet.ask("m", model_body(artifact_number=2, replicas=3, steps=steps))
    fleet.pass_time(60)
    assert len(hosts(fleet, fleet.model().candidate_revision) - {lost}) == 2
