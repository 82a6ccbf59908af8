from typing import Any

import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import at
from perigee_api.analysis import MetricStatus
from perigee_api.comparison import ComparisonStatus
from perigee_api.copy_move import CopyMove
from perigee_api.drift import DriftStatus, Feature, FeatureStatus
from perigee_api.inference_model import (
    InferenceModelStatus,
    RolloutStatus,
    Swap,
    WaitingRevision,
    WaitReason,
)
from perigee_api.shadow import ShadowStatus
from perigee_operator.commands.rollout_table import rollout_text

GOLDEN = {"uri": "http://depot/g", "sha256": "0" * 64, "size": 1}
ERRORS = {
    "name": "errors",
    "prometheus": {"address": "http://prometheus", "query": "errors"},
    "successCondition": "value < 1",
}


def test_a_comparison_is_shown_beneath_its_step() -> None:
    steps = [{"analysis": {"comparison": {}}}, {"pause": {}}]
    compared = ComparisonStatus(
        step=0,
        definition="01234567",
        terms="{}",
        started=at(0),
        verdict="Inconclusive",
        blocks=12,
        requests=3400,
        errors=5,
    )
    rollout = RolloutStatus(candidate="b", started=at(0), step_started=at(0), comparison=compared)
    status = InferenceModelStatus(stable_revision="a", rollout=rollout)
    lines = rollout_text("m", model_spec(steps=steps), status).splitlines()
    first = lines.index("  ▶ 1. analysis: comparison")
    assert lines[first + 1] == (
        "       comparison: Inconclusive (blocks 12, requests 3400, errors 5)"
    )


def test_a_drift_is_shown_beneath_its_step() -> None:
    features = [
        FeatureStatus(feature=Feature.SCORE, verdict="Pass", index=0.0312, samples=812),
        FeatureStatus(feature=Feature.MEAN, verdict="NoData", samples=812),
    ]
    found = DriftStatus(step=0, definition="01234567", terms="{}", started=at(0), features=features)
    rollout = RolloutStatus(candidate="b", started=at(0), step_started=at(0), drift=found)
    status = InferenceModelStatus(stable_revision="a", rollout=rollout)
    spec = model_spec(steps=[{"analysis": {"drift": {}}}], golden=GOLDEN)
    lines = rollout_text("m", spec, status).splitlines()
    assert lines[lines.index("  ▶ 1. analysis: drift") + 1] == (
        "       drift: NoData (score 0.03 of 812 samples, mean untold of 812 samples)"
    )


def test_a_shadow_is_shown_beneath_its_step() -> None:
    found = ShadowStatus(
        step=0,
        definition="01234567",
        terms="{}",
        started=at(0),
        verdict="Pass",
        compared=612,
        agreed=610,
        failed=1,
        dropped=40,
    )
    rollout = RolloutStatus(candidate="b", step=1, started=at(0), step_started=at(0), shadow=found)
    status = InferenceModelStatus(stable_revision="a", rollout=rollout)
    spec = model_spec(steps=[{"shadow": {"percent": 5}}, {"pause": {}}], golden=GOLDEN)
    lines = rollout_text("m", spec, status).splitlines()
    assert lines[lines.index("  ▶ 2. pause: until somebody says go") - 1] == (
        "       agreement: Pass (compared 612, agreed 610, failed 1, left out 40)"
    )


def test_metrics_are_shown_beneath_their_step() -> None:
    steps = [{"analysis": {"golden": {}, "metrics": [ERRORS]}}, {"pause": {}}]
    measured = [
        MetricStatus(
            step=0,
            name="errors",
            definition="01234567",
            started=at(0),
            verdict="Pass",
            successes=3,
            last_value="0.01234567",
        )
    ]
    rollout = RolloutStatus(
        candidate="b", step=1, started=at(0), step_started=at(0), analysis=measured
    )
    status = InferenceModelStatus(stable_revision="a", rollout=rollout)
    lines = rollout_text("m", model_spec(steps=steps, golden=GOLDEN), status).splitlines()
    first = lines.index("  ✔ 1. analysis: golden, errors")
    assert lines[first + 1 :] == [
        "       errors: Pass (successes 3, failures 0, last value 0.01235)",
        "  ▶ 2. pause: until somebody says go",
    ]


@pytest.mark.parametrize(
    ("reason", "place", "shown"),
    [(WaitReason.PREDECESSOR, None, "Predecessor"), (WaitReason.PLACE, 2, "Place 2")],
)
def test_a_revision_that_waits_is_shown_with_why_and_since_when(
    reason: WaitReason, place: int | None, shown: str
) -> None:
    waiting = WaitingRevision(revision="b", reason=reason, since=at(60), place=place)
    status = InferenceModelStatus(stable_revision="a", waiting=waiting)
    text = rollout_text("m", model_spec(), status)
    assert f"  waiting    b ({shown}) since 2026-03-01 12:01:00\n" in f"{text}\n"


def test_swaps_in_place_are_shown_with_since_when() -> None:
    over = Swap(satellite="sat-1", revision="b", began=at(0), ended=at(25))
    swaps = [over, Swap(satellite="sat-2", revision="b", began=at(30))]
    lines = rollout_text("m", model_spec(), InferenceModelStatus(swaps=swaps)).splitlines()
    assert "  ✔ sat-1: b in place since 12:00:00, verified since 12:00:25" in lines
    assert "  ▶ sat-2: b in place since 12:00:30" in lines


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, "▶ a copy from sat-1 to sat-2 since 12:00:00"),
        (
            {"handed_over": at(60)},
            "▶ a copy from sat-1 to sat-2 since 12:00:00, which serves since 12:01:00",
        ),
        (
            {"handed_over": at(60), "ended": at(90)},
            "✔ a copy from sat-1 to sat-2 since 12:00:00, over since 12:01:30",
        ),
        (
            {"ended": at(90), "given_up": "sat-2 is not well"},
            "✘ a copy from sat-1 to sat-2 since 12:00:00, given up: sat-2 is not well",
        ),
    ],
    ids=["begun", "handed over", "over", "given up"],
)
def test_a_copy_that_moves_is_shown(more: dict[str, Any], shown: str) -> None:
    move = CopyMove(from_satellite="sat-1", to_satellite="sat-2", gain=600, started=at(0), **more)
    lines = rollout_text("m", model_spec(), InferenceModelStatus(move=move)).splitlines()
    assert f"  {shown}" in lines
