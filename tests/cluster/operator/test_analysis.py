"""Rollouts that are judged by what a real Prometheus server knows."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from perigee_operator.domain.kinds import EVENT
from played.constellation import Constellation
from played.field import Field, eventually, remains
from played.operator_process import OperatorProcess, Setting
from played.prometheus import BINARY, ERROR_SHARE, PrometheusServer, Traffic, scraping
from played.resources import revision

pytestmark = pytest.mark.skipif(
    BINARY is None, reason="no program prometheus: setup/debian-packages installs it, as root"
)

Json = dict[str, Any]

GOOD, BAD = 0.001, 0.2


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


@pytest_asyncio.fixture
async def server(traffic: Traffic, tmp_path: Path) -> AsyncIterator[PrometheusServer]:
    async with scraping(traffic, tmp_path) as server:
        yield server


def steps(server: PrometheusServer, *more: Json, **metric: Any) -> list[Json]:
    written = {
        "name": "error-share",
        "prometheus": {"address": server.address, "query": ERROR_SHARE},
        "interval": 1,
        "count": 3,
        "successCondition": "value < 0.05",
        **metric,
    }
    return [{"wave": {"count": 1}}, {"analysis": {"metrics": [written]}}, *more]


async def begin(field: Field, rollout_steps: list[Json]) -> None:
    """The first revision serves, and the second is asked for."""
    await field.add_satellites()
    await field.add_model(rollout={"steps": rollout_steps})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
    await field.ask_for("b")


async def measured(field: Field, **wanted: Any) -> Json:
    """Waits until the status keeps these values of the metric."""

    async def kept() -> Json:
        entries = (await field.model_status()).get("rollout", {}).get("analysis") or [{}]
        found: Json = entries[0]
        return found

    found: Json = await eventually(kept, lambda k: wanted.items() <= k.items())
    return found


async def test_good_candidate_is_promoted_and_a_bad_one_given_up(
    field: Field, server: PrometheusServer, traffic: Traffic
) -> None:
    traffic.error_shares = {revision("b"): GOOD, revision("c"): BAD}
    await begin(field, steps(server))
    status = await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
    passed = [e["message"] for e in status["history"] if "Metric error-share" in e["message"]]
    assert len(passed) == 1
    assert "error-share has passed: its values are as they should be" in passed[0]
    assert "measurements 3, last value 0.00" in passed[0]

    await field.ask_for("c")
    status = await field.model_comes_to(phase="Degraded", stable_revision=revision("b"))
    words = "Metric error-share has failed: more failures than failureLimit allows, by "
    words += "successCondition value < 0.05 (failures 1, failureLimit 0, measurements 1, last value"
    assert status["aborted"]["reason"] == "AnalysisFailed"
    assert words in status["aborted"]["message"]
    assert words in status["history"][-1]["message"]
    events = await field.access.list(EVENT, field.sky.namespace)
    assert any(words in e["note"] for e in events if e["reason"] == "RolloutAborted")
    await field.until(lambda: len(field.serving(revision("b"))) == 2)


async def test_a_candidate_that_nobody_asks_waits(
    field: Field, server: PrometheusServer, traffic: Traffic
) -> None:
    await begin(field, steps(server))
    status = await field.model_comes_to(phase="Waiting", candidate_revision=revision("b"))
    await measured(field, verdict="NoData")
    assert "error-share" in status["message"]
    await remains(field.model_status, lambda s: s["rollout"]["step"] == 1, seconds=5)
    traffic.error_shares = {revision("b"): GOOD}
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))


async def test_a_server_that_is_away_aborts_nothing(
    field: Field, server: PrometheusServer, traffic: Traffic
) -> None:
    traffic.error_shares = {revision("b"): GOOD}
    await server.stop()
    await begin(field, steps(server))
    kept = await measured(field, verdict="SourceDown")
    assert "ClientConnectorError" in kept["lastFault"]
    status = await field.model_comes_to(phase="Waiting", candidate_revision=revision("b"))
    assert "Metric error-share cannot be measured: its source does not answer" in status["message"]
    await remains(field.model_status, lambda s: s["rollout"]["step"] == 1, seconds=5)
    await server.start()
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))


async def test_a_query_that_makes_no_sense_is_told_in_the_servers_words(
    field: Field, server: PrometheusServer
) -> None:
    await begin(field, steps(server, prometheus={"address": server.address, "query": "sum(("}))
    kept = await measured(field, verdict="SourceDown")
    assert "bad_data" in kept["lastFault"]
    status = await field.model_comes_to(phase="Waiting")
    assert "parse error" in status["message"]


async def test_what_has_passed_is_watched_while_a_later_step_waits(
    field: Field, server: PrometheusServer, traffic: Traffic
) -> None:
    traffic.error_shares = {revision("b"): GOOD}
    await begin(field, steps(server, {"pause": {}}))
    await measured(field, verdict="Pass")
    await eventually(field.model_status, lambda s: s["rollout"]["step"] == 2)
    traffic.error_shares = {revision("b"): BAD}
    status = await field.model_comes_to(phase="Degraded", stable_revision=revision("a"))
    assert status["aborted"]["reason"] == "AnalysisFailed"


async def test_an_operator_that_dies_forgives_nothing(
    sky: Constellation, setting: Setting, server: PrometheusServer, traffic: Traffic
) -> None:
    field = Field(sky)
    traffic.error_shares = {revision("b"): BAD}
    operator = OperatorProcess(setting)
    try:
        await begin(field, steps(server, failureLimit=6, count=1000))
        before = await measured(field, failures=4)
        await operator.kill()
        left = await field.model_status()
        operator = OperatorProcess(setting)
        failures: list[int] = []

        def has_ended(status: Json) -> bool:
            entries = status.get("rollout", {}).get("analysis", [])
            failures.extend(entry["failures"] for entry in entries)
            assert all(entry["started"] == before["started"] for entry in entries)
            return "aborted" in status

        status = await eventually(field.model_status, has_ended)
        assert failures[0] >= left["rollout"]["analysis"][0]["failures"] >= 4
        assert failures == sorted(failures)
        assert "(failures 7, failureLimit 6, measurements 7" in status["aborted"]["message"]
    finally:
        await operator.kill()
