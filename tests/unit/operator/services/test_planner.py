"""When the planner looks, and what it tells of it."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from paper_fleet import agents
from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import model_body
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.kinds import NODE
from perigee_operator.domain.writes import Apply, Delete, ObjectKey, Track, Write
from perigee_operator.services.contacts.book import ContactBook
from perigee_operator.services.http import application
from perigee_operator.services.metrics import Metrics
from perigee_operator.services.patience import FIRST_WAIT_S, MAX_WAIT_S
from perigee_operator.services.planner import Planner
from perigee_operator.services.served_book import ServedBook
from perigee_operator.services.snapshot import Photographer
from perigee_operator.storage.outcomes import Failure, Result, TrackOutcome
from perigee_operator.storage.writer import Writer

WRITE = Delete(ObjectKey(NODE, "n"), "u")
LIMITS = Settings(serve_image="edge:1", sweep_limit_s=600)


class Scribe:
    """Takes note of tracks and answers as it is told, instead of writing."""

    def __init__(self) -> None:
        self.performed: list[tuple[str, ...]] = []
        self.errors: dict[str, str] = {}
        self.taken: dict[str, str] = {}
        self.repeats = False
        """What fails is the first write of its track."""
        self.writes: dict[str, tuple[Write, ...]] = {}
        """Of each track, as it was performed last."""
        self.looked = asyncio.Event()

    async def perform(self, tracks: Sequence[Track]) -> list[TrackOutcome]:
        self.performed.append(tuple(track.name for track in tracks))
        self.writes |= {track.name: track.writes for track in tracks}
        self.looked.set()
        return [TrackOutcome(t.name, 0, failure=self._failure(t)) for t in tracks]

    def _failure(self, track: Track) -> Failure | None:
        taken = self.taken.get(track.name)
        error = taken or self.errors.get(track.name)
        write = track.writes[0] if self.repeats else WRITE
        return Failure(write, error, 409, name_taken=taken is not None) if error else None


class Stage:
    """A planner over a fleet on paper, with a clock of its own."""

    def __init__(self) -> None:
        self.fleet = PaperFleet(LIMITS)
        self.fleet.add_satellite("sat-1")
        self.scribe = Scribe()
        self.seconds = 0.0
        self.metrics = Metrics(lambda: self.seconds)
        self.changed = asyncio.Event()
        self.planner = Planner(
            Photographer(
                self.fleet,
                ContactBook(lambda: self.fleet.now),
                LIMITS,
                ServedBook(self.fleet.now),
            ),
            cast("Writer", self.scribe),
            self.metrics,
            self.changed,
            now=lambda: self.fleet.now,
            monotonic=lambda: self.seconds,
        )

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_a_sweep_performs_what_is_planned_and_says_when_to_look_again(stage: Stage) -> None:
    assert await stage.planner.sweep() == LIMITS.sweep_limit_s
    assert stage.scribe.performed == [("sat/sat-1",)]


async def test_a_change_wakes_the_planner(stage: Stage) -> None:
    looking = asyncio.create_task(stage.planner.run())
    await stage.scribe.looked.wait()
    stage.scribe.looked.clear()
    stage.fleet.ask("m", model_body())
    stage.changed.set()
    async with asyncio.timeout(LIMITS.sweep_limit_s / 10):
        await stage.scribe.looked.wait()
    assert stage.scribe.performed[1] == ("sat/sat-1", "imodel/default/m")
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking


async def test_a_burst_of_changes_is_looked_at_once(stage: Stage) -> None:
    looking = asyncio.create_task(stage.planner.run())
    await stage.scribe.looked.wait()
    stage.scribe.looked.clear()
    for number in range(20):
        stage.fleet.ask(f"m{number}", model_body())
        stage.changed.set()
        await asyncio.sleep(0)
    await stage.scribe.looked.wait()
    assert len(stage.scribe.performed) == 2
    assert len(stage.scribe.performed[1]) == 21
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking


async def test_a_track_that_fails_is_told_once_and_so_is_its_mending(stage: Stage) -> None:
    with structlog.testing.capture_logs() as logs:
        for error in ("409 Conflict", "409 Conflict", "403 Forbidden", "", ""):
            stage.scribe.errors = {"sat/sat-1": error} if error else {}
            await stage.planner.sweep()
            stage.seconds += MAX_WAIT_S
    assert [(log["log_level"], log.get("error")) for log in logs] == [
        ("warning", "409 Conflict"),
        ("warning", "403 Forbidden"),
        ("info", None),
    ]


async def test_a_track_that_fails_is_held_back_and_the_others_are_not(stage: Stage) -> None:
    stage.scribe.repeats = True
    stage.scribe.errors = {"sat/sat-1": "403 Forbidden"}
    with structlog.testing.capture_logs() as logs:
        assert await stage.planner.sweep() == FIRST_WAIT_S
        stage.fleet.ask("m", model_body())
        assert await stage.planner.sweep() == FIRST_WAIT_S
        stage.seconds += FIRST_WAIT_S
        assert await stage.planner.sweep() == 2 * FIRST_WAIT_S
    assert stage.scribe.performed == [
        ("sat/sat-1",),
        ("imodel/default/m",),
        ("sat/sat-1", "imodel/default/m"),
    ]
    assert len(logs) == 1


async def test_a_name_that_is_taken_comes_to_the_model_s_status(stage: Stage) -> None:
    stage.scribe.taken = {"imodel/default/m": "Service default/m exists"}
    stage.fleet.ask("m", model_body())
    for _ in range(2):
        await stage.planner.sweep()
        stage.seconds += MAX_WAIT_S
    (status,) = (
        write.body["status"]
        for write in stage.scribe.writes["imodel/default/m"]
        if isinstance(write, Apply) and write.subresource == "status"
    )
    assert status["message"] == "Service default/m exists"
    assert "NameTaken" in [condition["type"] for condition in status["conditions"]]


async def test_a_track_that_is_planned_no_more_is_mended(stage: Stage) -> None:
    with structlog.testing.capture_logs() as logs:
        stage.scribe.errors = {"imodel/default/m": "409 Conflict"}
        stage.fleet.ask("m", model_body())
        await stage.planner.sweep()
        stage.fleet.api.remove(next(k for k, i in stage.fleet.api.all_items() if k.name == "m"))
        await stage.planner.sweep()
    assert [log["log_level"] for log in logs] == ["warning", "info"]


async def test_metrics_count_what_is_seen_and_written(stage: Stage) -> None:
    stage.fleet.ask("m", model_body())
    stage.fleet.pass_time(10)
    await stage.planner.sweep()
    stage.metrics.wrote("Apply", "Node", Result.REFUSED)
    assert stage.value("perigee_satellites", phase="InContact") == 1
    assert stage.value("perigee_satellites", phase="Lost") == 0
    assert stage.value("perigee_models", phase="Progressing") == 1
    assert stage.value("perigee_observing") == 1
    assert stage.value("perigee_losses_held") == 0
    assert stage.value("perigee_sweep_seconds_count") == 1
    refused = {"write": "Apply", "kind": "Node", "outcome": "Refused"}
    assert stage.value("perigee_writes_total", **refused) == 1
    stage.fleet.observing_since = None
    await stage.planner.sweep()
    assert stage.value("perigee_observing") == 0


async def test_metrics_count_agents_that_are_to_be_replaced(stage: Stage) -> None:
    agents.deploy(stage.fleet.api, "edge:1")
    stage.fleet.pass_time(60)
    await stage.planner.sweep()
    assert stage.value("perigee_agents_outdated") == 0
    agents.deploy(stage.fleet.api, "edge:2")
    stage.fleet.live()
    await stage.planner.sweep()
    assert stage.value("perigee_agents_outdated") == 1
    assert "agent/sat-1" in stage.scribe.performed[-1]
    assert stage.value("perigee_agents_stuck") == 0


async def test_liveness_is_the_age_of_the_last_progress(stage: Stage) -> None:
    async with TestClient(TestServer(application(stage.metrics, 60))) as client:

        async def answered(path: str) -> tuple[int, str]:
            async with client.get(path) as answer:
                return answer.status, await answer.text()

        stage.seconds = 60
        assert await answered("/livez") == (200, "last progress 60.0 s ago, 60 s allowed\n")
        stage.seconds = 61
        assert (await answered("/livez"))[0] == 503
        status, text = await answered("/metrics")
        assert status == 200
        assert "perigee_sweep_age_seconds 61.0" in text
        stage.metrics.wrote("Apply", "Node", Result.UNREACHABLE)
        assert (await answered("/livez"))[0] == 503
        stage.metrics.wrote("Apply", "Node", Result.REFUSED)
        assert (await answered("/livez"))[0] == 200
        stage.seconds = 122
        await stage.planner.sweep()
        assert await answered("/livez") == (200, "last progress 0.0 s ago, 60 s allowed\n")
