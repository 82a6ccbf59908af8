from typing import Any

import pytest

from paper_fleet.intents import artifact, model_spec
from paper_fleet.views import at, model_view, satellite
from perigee_api.analysis import AnalysisMetric, MetricStatus
from perigee_api.inference_model import InferenceModelStatus, Rollout, RolloutStatus
from perigee_api.placement import SpreadBy
from perigee_api.rollout_policy import RolloutPolicySpec
from perigee_operator.domain.fleet import PolicyView
from perigee_operator.domain.rollout.metric_status import begun
from perigee_operator.domain.rollout.metrics import defined, metrics_of
from perigee_operator.domain.rollout.terms import Terms, terms_of
from perigee_operator.domain.rollout.wave import stage_of, wave_satellites

STEPS: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"weight": 50}]
GOLDEN: list[dict[str, Any]] = [{"analysis": {"golden": {}}}]


def policy(**said: Any) -> PolicyView:
    return PolicyView("careful", RolloutPolicySpec.model_validate(said))


def terms(own: dict[str, Any], found: PolicyView | None = None, **more: Any) -> Terms:
    status = more.pop("status", InferenceModelStatus())
    spec = model_spec(rollout=own, **more)
    return terms_of(model_view(spec, policy=found, status=status), spec)


def test_a_model_that_names_no_policy_has_terms_of_its_own() -> None:
    found = terms({"steps": STEPS, "deadline": 7})
    assert found.spec.rollout == Rollout.model_validate({"steps": STEPS, "deadline": 7})
    assert found.resolved is None
    assert found.fault is None


@pytest.mark.parametrize(
    ("own", "said", "expected"),
    [
        ({}, {}, (0, 600, 20)),
        ({}, {"steps": STEPS}, (2, 600, 20)),
        ({}, {"steps": STEPS, "deadline": 60, "maxUnreachable": "5%"}, (2, 60, 5)),
        ({"deadline": 7}, {"steps": STEPS, "deadline": 60, "maxUnreachable": "5%"}, (2, 7, 5)),
        ({"maxUnreachable": "0%"}, {"deadline": 60, "maxUnreachable": "5%"}, (0, 60, 0)),
        ({"deadline": 7, "maxUnreachable": "0%"}, {}, (0, 7, 0)),
    ],
)
def test_what_the_model_says_wins(
    own: dict[str, Any], said: dict[str, Any], expected: tuple[int, float, float]
) -> None:
    found = terms({"policy": "careful", "historyLimit": 3} | own, policy(**said))
    rollout = found.spec.rollout
    assert (len(rollout.steps), rollout.deadline_s, rollout.unreachable_percent) == expected
    assert rollout.history_limit == 3
    assert found.resolved is not None
    assert (found.resolved.status, found.resolved.reason) == ("True", "Found")
    assert found.fault is None


@pytest.mark.parametrize(
    ("own", "said", "expected"),
    [
        ({}, {}, True),
        ({}, {"prefetch": False}, False),
        ({"prefetch": True}, {"prefetch": False}, True),
        ({"prefetch": False}, {}, False),
    ],
)
def test_files_are_sent_ahead_unless_the_model_or_else_its_policy_says_no(
    own: dict[str, Any], said: dict[str, Any], *, expected: bool
) -> None:
    found = terms({"policy": "careful"} | own, policy(steps=STEPS, **said))
    assert found.spec.rollout.prefetches is expected


@pytest.mark.parametrize(
    ("found", "reason", "message"),
    [
        (None, "NotFound", "there is no RolloutPolicy careful"),
        (
            PolicyView("careful", None, "deadline: too small"),
            "Invalid",
            "RolloutPolicy careful is not valid: deadline: too small",
        ),
        (
            policy(steps=GOLDEN),
            "GoldenSetMissing",
            "RolloutPolicy careful analyses by golden sets, and spec.golden is not given",
        ),
    ],
)
def test_a_policy_that_cannot_be_followed(
    found: PolicyView | None, reason: str, message: str
) -> None:
    got = terms({"policy": "careful"}, found)
    assert got.resolved is not None
    assert (got.resolved.status, got.resolved.reason) == ("False", reason)
    assert got.fault == message


def test_times_of_its_own_that_make_no_sense_leave_a_model_its_policy_s_steps() -> None:
    window = {"schedule": "0 2 * * *", "duration": 60, "timeZone": "Mars/Olympus"}
    found = terms({"policy": "careful", "windows": [window]}, policy(steps=STEPS))
    assert len(found.spec.rollout.steps) == len(STEPS)
    assert found.invalid is not None
    assert found.fault is None
    assert found.timing.is_free
    assert terms({"policy": "careful", "windows": [window]}, None).fault is not None


def test_with_a_golden_set_an_analysis_by_it_is_welcome() -> None:
    assert terms({"policy": "careful"}, policy(steps=GOLDEN), golden=artifact(9)).fault is None


def test_without_its_policy_a_rollout_stays_at_its_weight_and_nobody_is_sent_away() -> None:
    status = RolloutStatus(
        candidate="b", step=3, wave=2, weight=25, started=at(0), step_started=at(0)
    )
    found = terms({"policy": "careful"}, None, status=InferenceModelStatus(rollout=status))
    stage = stage_of(found.spec.rollout, status)
    assert stage.weight == 25
    fleet = [satellite(name) for name in "abcdefg"]
    wave = wave_satellites(fleet, 10, stage, rank=lambda _: 4, spread_by=SpreadBy.SATELLITE)
    assert [item.name for item in wave] == list("abcdefg")


METRIC: dict[str, Any] = {
    "name": "errors",
    "prometheus": {"address": "http://prometheus", "query": 'errors{revision="$(candidate)"}'},
    "interval": 10,
    "count": 3,
    "successCondition": "value < 0.05",
}


def kept(step: int, **more: Any) -> MetricStatus:
    """As the status keeps the metric of a policy."""
    definition = defined(AnalysisMetric.model_validate(METRIC))
    entry = begun(step, definition, at(0))
    return entry.model_copy(update={"terms": definition.terms} | more)


@pytest.mark.parametrize(
    ("step", "all_passed", "analysis", "expected"),
    [
        (2, False, [kept(0), kept(2)], [True, False, True]),
        (2, False, [kept(0)], [True, False, False]),
        (1, True, [kept(3)], [False, False, False, True]),
        (1, False, [kept(0, terms="")], [False, False]),
        (1, False, [kept(0, terms="{")], [False, False]),
        (1, False, [kept(0, terms='{"name": "errors"}')], [False, False]),
        (1, False, [kept(0, definition="01234567")], [False, False]),
        (0, False, [], [False]),
    ],
)
def test_without_its_policy_a_rollout_has_the_metrics_that_its_status_knows(
    *, step: int, all_passed: bool, analysis: list[MetricStatus], expected: list[bool]
) -> None:
    status = RolloutStatus(
        candidate="b",
        step=step,
        all_passed=all_passed,
        weight=25,
        started=at(0),
        step_started=at(0),
        analysis=analysis,
    )
    found = terms({"policy": "careful"}, None, status=InferenceModelStatus(rollout=status))
    steps = found.spec.rollout.steps
    assert [bool(metrics_of(each)) for each in steps] == expected
    assert {metric for each in steps for metric in metrics_of(each)} <= {
        AnalysisMetric.model_validate(METRIC)
    }
    stage = stage_of(found.spec.rollout, status)
    assert stage.weight == 25
    assert stage.index == (len(steps) if all_passed else step)


@pytest.mark.parametrize(
    ("own", "said", "expected"),
    [
        ({}, {}, ("SideBySide", 1)),
        ({}, {"strategy": "Replace", "maxUnavailable": 3}, ("Replace", 3)),
        ({"strategy": "Auto"}, {"strategy": "Replace", "maxUnavailable": 3}, ("Auto", 3)),
        ({"maxUnavailable": 2}, {"strategy": "Replace", "maxUnavailable": 3}, ("Replace", 2)),
    ],
)
def test_how_satellites_go_from_one_revision_to_another(
    own: dict[str, Any], said: dict[str, Any], expected: tuple[str, int]
) -> None:
    rollout = terms({"policy": "careful"} | own, policy(**said)).spec.rollout
    assert (rollout.placing.value, rollout.unavailable) == expected
