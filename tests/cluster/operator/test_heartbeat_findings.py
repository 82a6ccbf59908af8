"""Heartbeats that are malformed, old, or of a wrong clock: seen, and nobody is disturbed."""

import json
from datetime import timedelta
from typing import Any

import pytest

from perigee_api.heartbeat import MAX_REPORT_BYTES
from played.field import Field, eventually, remains

Json = dict[str, Any]

LONGER_THAN_PATIENCE_S = 5.0
"""A satellite of these tests is Lost after 3 s of silence."""


async def findings(field: Field, name: str) -> dict[str, tuple[str, str]]:
    """Status and reason of each condition."""
    found = (await field.satellite_status(name)).get("conditions") or ()
    return {c["type"]: (c["status"], c["reason"]) for c in found}


async def comes_to_find(field: Field, name: str, type_: str, status: str, reason: str) -> None:
    await eventually(lambda: findings(field, name), lambda c: c.get(type_) == (status, reason))


async def times_announced(field: Field, name: str, reason: str) -> int:
    return (await field.events(name)).count(reason)


async def is_announced(field: Field, name: str, reason: str, times: int) -> None:
    await eventually(lambda: times_announced(field, name, reason), lambda found: found == times)


async def serving(field: Field) -> list[str]:
    """Three satellites that serve a model, the first of which is to be odd."""
    await field.add_satellites()
    await field.add_model(placement={"replicas": 3})
    await field.model_comes_to(phase="Healthy")
    await field.until(lambda: len(field.serving()) == 3)
    return list(field.sky.satellites)


@pytest.mark.parametrize(
    "text",
    [
        "{not json",
        '{"sequence":' + "[" * 5000,
        '{"sequence":1}' + " " * MAX_REPORT_BYTES,
        '{"sequence":"\\ud800","epoch":-1}',
    ],
    ids=["no JSON", "nested without end", "too large", "of wrong types"],
)
async def test_a_malformed_report_is_a_sign_of_life_and_disturbs_nobody(
    field: Field, text: str
) -> None:
    odd, *others = await serving(field)
    field.sky.satellites[odd].report = text
    await comes_to_find(field, odd, "ReportValid", "False", "Malformed")
    await is_announced(field, odd, "ReportMalformed", times=1)

    async def phases() -> list[str]:
        return [(await field.satellite_status(name))["phase"] for name in (odd, *others)]

    await remains(phases, lambda found: found == ["InContact"] * 3, LONGER_THAN_PATIENCE_S)
    assert len(field.serving()) == 3
    for name in others:
        assert (await findings(field, name))["ReportValid"] == ("True", "Valid")
        assert await times_announced(field, name, "ReportMalformed") == 0
    assert await times_announced(field, odd, "ReportMalformed") == 1
    where = {"kubernetes.io/hostname": others[0]}
    await field.add_model(name="other", placement={"replicas": 1, "nodeSelector": where})
    await field.model_comes_to(name="other", phase="Healthy")


async def test_a_report_that_is_malformed_again_is_announced_again(field: Field) -> None:
    await field.add_satellites()
    odd = next(iter(field.sky.satellites))
    for times in (1, 2):
        await comes_to_find(field, odd, "ReportValid", "True", "Valid")
        field.sky.satellites[odd].report = "7"
        await comes_to_find(field, odd, "ReportValid", "False", "Malformed")
        await is_announced(field, odd, "ReportMalformed", times)
        field.sky.satellites[odd].report = None


async def test_a_heartbeat_of_an_old_epoch_is_seen_but_not_on_an_ordinary_return(
    field: Field,
) -> None:
    name, *_ = await serving(field)
    satellite = field.sky.satellites[name]
    await comes_to_find(field, name, "EpochCurrent", "True", "Current")
    old = json.dumps({"sequence": 7, "epoch": satellite.epoch})
    field.sky.lose(name)
    await field.satellite_comes_to(name, "Lost")
    await comes_to_find(field, name, "EpochCurrent", "Unknown", "NotHeardYet")
    field.sky.restore(name)
    await comes_to_find(field, name, "EpochCurrent", "True", "Current")
    status = await field.satellite_status(name)
    assert (status["epoch"], status["acknowledgedEpoch"], satellite.epoch) == (1, 1, 1)
    assert await times_announced(field, name, "HeartbeatReplayed") == 0
    satellite.report = old
    await comes_to_find(field, name, "EpochCurrent", "False", "Replayed")
    await is_announced(field, name, "HeartbeatReplayed", times=1)
    satellite.report = None
    await comes_to_find(field, name, "EpochCurrent", "True", "Current")
    assert (await field.satellite_status(name))["acknowledgedEpoch"] == 1


@pytest.mark.parametrize(
    ("days", "reason"), [(3, "Ahead"), (-3, "Behind")], ids=["ahead", "behind"]
)
async def test_a_clock_that_is_days_off_is_told_and_changes_no_phase(
    field: Field, days: float, reason: str
) -> None:
    name, *_ = await serving(field)
    satellite = field.sky.satellites[name]
    await comes_to_find(field, name, "ClockSkewed", "False", "InTime")
    satellite.clock_ahead = timedelta(days=days)
    await comes_to_find(field, name, "ClockSkewed", "True", reason)

    async def state() -> tuple[str, str]:
        found = await field.satellite_status(name)
        return found["phase"], (await findings(field, name))["ClockSkewed"][0]

    await remains(state, lambda found: found == ("InContact", "True"), LONGER_THAN_PATIENCE_S)
    field.sky.lose(name)
    await field.satellite_comes_to(name, "Lost")
    satellite.clock_ahead = timedelta()
    field.sky.restore(name)
    await field.satellite_comes_to(name, "InContact")
    await comes_to_find(field, name, "ClockSkewed", "False", "InTime")
