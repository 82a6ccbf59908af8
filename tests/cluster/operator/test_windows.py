"""Rollouts in windows, as a real API server keeps them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from played.field import Field, eventually, remains
from played.resources import revision

Json = dict[str, Any]

LONG: list[Json] = [{"wave": {"count": 1}}, {"weight": 50}, {"pause": {"duration": 3600}}]


def span(begins_in_s: float, lasts_s: float) -> Json:
    start = datetime.now(UTC) + timedelta(seconds=begins_in_s)
    ends = start + timedelta(seconds=lasts_s)
    return {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}


def condition(status: Json, type_: str) -> tuple[str, str] | None:
    found = {c["type"]: c for c in status.get("conditions") or ()}.get(type_)
    return (found["status"], found["reason"]) if found else None


async def test_a_rollout_waits_for_its_window_and_begins_when_it_opens(field: Field) -> None:
    await field.add_satellites()
    await field.add_model()
    await field.model_comes_to(phase="Healthy")
    await field.change_model({"rollout": {"windows": [span(8, 3600)]}})
    await field.ask_for("b")
    status = await field.model_comes_to(phase="Waiting", stable_revision=revision("a"))
    assert "outside its windows; the next opens" in status["message"]
    assert condition(status, "InWindow") == ("False", "OutsideWindows")
    assert field.pods(revision("b")) == []
    # Nobody changes anything: the operator looks again of itself.
    status = await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
    assert condition(status, "InWindow") == ("True", "Open")


async def test_at_the_end_of_a_window_the_stable_revision_serves_again(field: Field) -> None:
    await field.add_satellites()
    await field.add_model(rollout={"steps": LONG, "atWindowEnd": "revert"})
    await field.model_comes_to(phase="Healthy")
    await field.ask_for("b")
    await field.until(lambda: len(field.serving(revision("b"))) == 1)
    await field.change_model({"rollout": {"blackouts": [span(2, 6)]}})
    await eventually(field.model_status, lambda s: s.get("rollout", {}).get("reverted") is True)
    await field.until(lambda: field.serving(revision("b")) == [])
    await field.until(lambda: len(field.serving(revision("a"))) == 2)
    status = await field.model_status()
    assert status["candidateRevision"] == revision("b")
    assert len(field.pods(revision("b"))) == 1
    await field.until(lambda: len(field.serving(revision("b"))) == 1)
    status = await eventually(field.model_status, lambda s: s["phase"] == "Progressing")
    assert "withheldSince" not in status["rollout"]


async def test_a_time_zone_that_there_is_not_stops_rollouts_and_nothing_else(
    field: Field,
) -> None:
    await field.add_satellites()
    await field.add_model()
    await field.model_comes_to(phase="Healthy")
    window = {"schedule": "0 2 * * *", "duration": 3600, "timeZone": "Mars/Olympus"}
    await field.change_model({"rollout": {"windows": [window]}})
    await field.ask_for("b")
    status = await field.model_comes_to(phase="Degraded")
    assert condition(status, "SpecValid") == ("False", "Invalid")
    assert "rollout.windows[0].timeZone: there is no 'Mars/Olympus'" in status["message"]
    await remains(field.model_status, lambda s: s["stableRevision"] == revision("a"), seconds=2)
    assert len(field.serving(revision("a"))) == 2
    await field.change_model({"rollout": {"windows": None}})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
