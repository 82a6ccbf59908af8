"""The book of contacts, with a worker in the same process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import structlog

from paper_fleet.intents import EDGE_SITE, contact
from paper_fleet.orbits import EPOCH, station
from perigee_operator.domain.orbit.contacts import ALWAYS, Contacts, Source
from perigee_operator.domain.orbit.horizon import LOOK_AHEAD, LOOK_BACK
from perigee_operator.domain.orbit.prediction import predicted
from perigee_operator.domain.orbit.station import Station
from perigee_operator.services.contacts import book as module
from perigee_operator.services.contacts.book import ContactBook
from perigee_operator.services.contacts.worker import Job, WorkerDiedError
from perigee_operator.services.views.satellites import SatelliteRecord, satellite_record

NORTH = station("north", 78.2, 15.4)
SOUTH = station("south", -33.1, -70.7)
POISON = 666


def omm(**more: Any) -> dict[str, Any]:
    given = {
        "NORAD_CAT_ID": 7,
        "EPOCH": EPOCH.isoformat(),
        "MEAN_MOTION": 15.2,
        "ECCENTRICITY": 0.001,
        "INCLINATION": 97.5,
        "RA_OF_ASC_NODE": 10,
        "ARG_OF_PERICENTER": 20,
        "MEAN_ANOMALY": 30,
        "BSTAR": 1e-5,
    }
    return {"omm": given | more}


def a_satellite(name: str, orbit: dict[str, Any], generation: int = 1) -> SatelliteRecord:
    metadata = {"name": name, "uid": name, "resourceVersion": "1", "generation": generation}
    return satellite_record({"metadata": metadata, "spec": {"orbit": orbit}})


class Here:
    """Computes in this process, and dies of a poisonous satellite."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.deaths = 0

    async def compute(self, job: Job) -> Sequence[Contacts]:
        await asyncio.sleep(0)
        self.jobs.append(job)
        if any(each.number == POISON for each in job.elements):
            self.deaths += 1
            raise WorkerDiedError
        return predicted(job.elements, job.stations, job.since, job.until)


class Stage:
    """A book with a clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = EPOCH + timedelta(minutes=20)
        self.worker = Here()
        self.changes = 0
        self.book = ContactBook(lambda: self.now, on_change=self._changed)
        self.stations: list[Station] = [NORTH]
        self.satellites: list[SatelliteRecord] = []

    def _changed(self) -> None:
        self.changes += 1

    def look(self, back_to: datetime | None = None) -> dict[str, Contacts]:
        return dict(self.book.of(self.satellites, self.stations, back_to))

    async def until(self, holds: Callable[[dict[str, Contacts]], bool]) -> dict[str, Contacts]:
        async with asyncio.timeout(60):
            while not holds(found := self.look()):  # noqa: ASYNC110 - it tells of first contacts alone
                await asyncio.sleep(0)
        return found

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.book.run(self.worker))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def complete(now: datetime) -> Callable[[dict[str, Contacts]], bool]:
    return lambda found: all(
        each.known_from <= now - LOOK_BACK and each.known_until >= now + LOOK_AHEAD
        for each in found.values()
    )


async def test_what_the_mission_supplies_is_known_at_once_and_kept() -> None:
    stage = Stage()
    plan = {"contacts": [contact(0, 100, every=6000, station="kiruna")]}
    stage.satellites = [a_satellite("fixed", {"fixed": EDGE_SITE}), a_satellite("plan", plan)]
    found = stage.look()
    assert found["fixed"] is ALWAYS
    assert found["plan"].known_until >= stage.now + LOOK_AHEAD
    assert found["plan"].known_from <= stage.now - LOOK_BACK
    stage.now += timedelta(minutes=30)
    assert stage.look()["plan"] is found["plan"]
    stage.now += timedelta(hours=8)
    later = stage.look()["plan"]
    assert later.known_until >= stage.now + LOOK_AHEAD


async def test_what_the_mission_supplies_is_cut_anew_when_its_station_changes() -> None:
    stage = Stage()
    plan = {"contacts": [contact(0, 100, every=6000, station="north")]}
    other = {"contacts": [contact(0, 100, every=6000, station="south"), contact(200, 300)]}
    stage.satellites = [a_satellite("plan", plan), a_satellite("other", other)]
    stage.stations = []
    before = stage.look()
    assert before["plan"].windows
    stage.stations = [NORTH]
    assert stage.look()["plan"] == before["plan"]
    stage.stations = [station("north", 78.2, 15.4, outOfService=True)]
    found = stage.look()
    assert found["plan"].windows == ()
    assert found["other"] is before["other"]
    stage.stations = []
    assert stage.look()["plan"] == before["plan"]


async def test_elements_are_pending_until_they_are_computed() -> None:
    stage = Stage()
    stage.satellites = [a_satellite(f"s{n}", omm(MEAN_ANOMALY=n)) for n in range(5)]
    assert {each.source for each in stage.look().values()} == {Source.PENDING}
    async with stage.running():
        found = await stage.until(complete(stage.now))
    assert all(each.source is Source.PROPAGATED and each.windows for each in found.values())
    assert all(each.stale_from == EPOCH + timedelta(days=14) for each in found.values())
    assert stage.changes == 1
    assert len(stage.worker.jobs[0].elements) == 5


async def test_the_horizon_rolls_on() -> None:
    stage = Stage()
    stage.satellites = [a_satellite("s", omm())]
    async with stage.running():
        await stage.until(complete(stage.now))
        stage.now += timedelta(days=1)
        stage.stations = [NORTH, SOUTH]
        found = await stage.until(complete(stage.now))
    assert found["s"].known_from > EPOCH - timedelta(days=2)


async def test_without_a_station_nothing_is_known() -> None:
    stage = Stage()
    stage.satellites, stage.stations = [a_satellite("s", omm())], []
    async with stage.running():
        assert stage.look()["s"].source is Source.NO_STATION
        stage.stations = [NORTH]
        await stage.until(lambda found: bool(found["s"].windows))
        stage.stations = []
        assert stage.look()["s"].source is Source.NO_STATION


async def test_another_station_is_seen_soon_and_one_that_is_gone_at_once() -> None:
    stage = Stage()
    stage.satellites = [a_satellite("s", omm()), a_satellite("t", omm(MEAN_ANOMALY=90))]
    async with stage.running():
        before = await stage.until(complete(stage.now))
        stage.stations = [SOUTH]
        for each in stage.look().values():
            assert each.windows == ()
            assert each.known_until >= stage.now + LOOK_AHEAD
            assert each.provisional
        found = await stage.until(lambda found: all(each.windows for each in found.values()))
    for name, each in found.items():
        assert {window.station for window in each.windows} == {"south"}
        assert not each.provisional
        assert each.known_from == before[name].known_from


async def test_new_elements_take_the_place_of_the_old_without_a_gap() -> None:
    stage = Stage()
    stage.satellites = [a_satellite("s", omm())]
    async with stage.running():
        before = (await stage.until(complete(stage.now)))["s"]
        newer = (EPOCH + timedelta(minutes=5)).isoformat()
        stage.satellites = [a_satellite("s", omm(EPOCH=newer), generation=2)]
        assert stage.look()["s"].windows == before.windows
        assert stage.look()["s"].provisional
        found = await stage.until(lambda found: found["s"].windows != before.windows)
    assert found["s"].epoch == EPOCH + timedelta(minutes=5)
    assert found["s"].known_until >= stage.now + LOOK_AHEAD


async def test_another_spec_with_the_same_elements_computes_nothing() -> None:
    stage = Stage()
    stage.satellites = [a_satellite("s", omm())]
    async with stage.running():
        before = (await stage.until(complete(stage.now)))["s"]
        stage.satellites = [a_satellite("s", omm(), generation=2)]
        assert stage.look()["s"] is before


async def test_bad_elements_are_told_and_stop_nobody() -> None:
    stage = Stage()
    ahead = (EPOCH + timedelta(days=60)).isoformat()
    stage.satellites = [
        a_satellite("good", omm()),
        a_satellite("ahead", omm(EPOCH=ahead)),
        a_satellite("falls", omm(MEAN_MOTION=16.6, BSTAR=0.5)),
    ]
    async with stage.running():
        found = await stage.until(lambda found: bool(found["good"].windows))
    fault = found["ahead"].fault(stage.now)
    assert fault is not None
    assert fault.reason == "EpochAhead"
    assert found["falls"].error is not None
    stage.now += timedelta(days=31)
    stage.satellites = stage.satellites[1:2]
    assert stage.look()["ahead"].source is Source.PENDING


async def test_a_satellite_that_kills_the_worker_is_found_and_the_others_go_on(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(module, "RESTART_S", 0)
    stage = Stage()
    stage.satellites = [a_satellite(f"s{n}", omm(MEAN_ANOMALY=n)) for n in range(3)]
    stage.satellites.append(a_satellite("bad", omm(NORAD_CAT_ID=POISON)))
    with structlog.testing.capture_logs() as logs:
        async with stage.running():
            found = await stage.until(
                lambda found: (
                    found["bad"].error is not None and all(found[f"s{n}"].windows for n in range(3))
                )
            )
    fault = found["bad"].fault(stage.now)
    assert fault is not None
    assert "died of it" in fault.message
    assert stage.worker.deaths == 2
    assert [log["event"] for log in logs] == [
        "the process that computes contacts has died; another takes its place"
    ] * 2


async def test_who_is_gone_is_forgotten() -> None:
    stage = Stage()
    stage.satellites = [a_satellite("s", omm())]
    async with stage.running():
        await stage.until(complete(stage.now))
        stage.satellites = []
        assert stage.look() == {}
        stage.satellites = [a_satellite("s", omm())]
        assert stage.look()["s"].source is Source.PENDING


async def test_contact_that_is_counted_for_long_is_computed_further_back() -> None:
    stage = Stage()
    stage.satellites = [a_satellite("s", omm())]
    long_ago = stage.now - timedelta(days=5)
    async with stage.running(), asyncio.timeout(60):
        while stage.look(long_ago)["s"].known_from > long_ago:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
