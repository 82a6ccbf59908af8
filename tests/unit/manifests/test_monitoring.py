"""Rules and dashboard ask for metrics that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.exposition import generate_latest

from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.rollout.outcome import Outcome
from perigee_operator.services.metrics import Metrics
from perigee_operator.services.rollout_metrics import State
from perigee_operator.services.webhooks.retry import Delivery
from perigee_operator.services.webhooks.tally import Tally
from perigee_operator.storage.outcomes import Result

MONITORING = Path(__file__).parents[3] / "manifests/monitoring"


def rules() -> Iterator[str]:
    for group in yaml.safe_load((MONITORING / "rules.yaml").read_text())["spec"]["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def panels() -> Iterator[str]:
    dashboard: dict[str, Any] = json.loads((MONITORING / "fleet-dashboard.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])


@pytest.fixture(scope="module")
def exposed() -> set[str]:
    metrics = Metrics(monotonic=lambda: 0.0)
    metrics.wrote("Apply", "Node", Result.DONE)
    Tally(metrics.registry).watch("on-call", ())
    text = generate_latest(metrics.registry).decode()
    described = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    return described | set(re.findall(r"^(\w+)[{ ]", text, re.MULTILINE))


@pytest.mark.parametrize("expression", [*rules(), *panels()])
def test_an_expression_asks_for_metrics_that_the_operator_has(
    expression: str, exposed: set[str]
) -> None:
    asked = set(re.findall(r"\bperigee_\w+", expression))
    assert asked
    assert asked <= exposed


@pytest.mark.parametrize("expression", [*rules(), *panels()])
def test_an_expression_asks_for_values_that_a_label_can_have(expression: str) -> None:
    values = {
        "phase": {*SatellitePhase, *ModelPhase},
        "outcome": {*Result, *Outcome},
        "state": {*State},
        "delivery": {*Delivery},
    }
    for label, value in re.findall(r'(\w+)=~?"([\w|]+)"', expression):
        assert values[label].issuperset(value.split("|"))
