"""A satellite sets and rises again and again; who asks its model on board is answered each time.

In the dark of one cycle a new revision is promoted without it, and in the dark of another one it
goes back from that on board.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from perigee_api.satellite_node import SatellitePhase
from perigee_demo.cluster import Objects
from perigee_demo.story.constellation import Condition
from perigee_demo.story.journal import Entry
from perigee_demo.story.stage import ALL_MODELS, ALL_SATELLITES, Stage, act
from perigee_demo.story.views import phases
from real_fleet import base, horizon, resources
from real_fleet.history import history
from real_fleet.on_board import Calls, calling
from real_fleet.programs import kill_while_idle, servers_of
from real_fleet.resources import SATELLITES
from real_fleet.views import (
    NODES,
    Container,
    active_on,
    containers,
    is_ready,
    of_revision,
    pods_of,
    revision_of,
    status_of,
)

NAME = "day-and-night"
TITLE = "Dark and back"
DARK = "sat-2"
CALLS_IN_THE_DARK = 6
CRASHES = 3
NOTICED_WITHIN_S = 180
"""Kubernetes gives up a Node after 40 s; a kubelet asks for its own once in 30 to 60 s."""

CAUGHT_UP_WITHIN_S = 300


@dataclass(frozen=True)
class Course:
    """What happens in which cycle of dark and return, counted from 1."""

    cycles: int
    promoted: int
    """In the dark: a new revision, without the satellite."""
    caught_up: int
    """Contact lasts until the satellite has that revision alone."""
    gone_back: int
    """In the dark: the satellite, from that revision to the one before."""
    begun: int | None = None
    """Contact is over as soon as that revision is asked on board, beside the one before."""
    long: int | None = None
    """Dark and contact of each so many-th last until Kubernetes has noticed."""

    def is_long(self, cycle: int) -> bool:
        return self.long is not None and cycle % self.long == 0


SHORT = Course(cycles=2, promoted=1, caught_up=1, gone_back=2)
TWENTY = Course(cycles=20, promoted=3, begun=5, caught_up=8, gone_back=12, long=4)


@dataclass
class Flight:
    """The satellite, its client on board, and the revisions."""

    stage: Stage
    calls: Calls
    first: str
    second: str = ""

    async def dark(self, course: Course, cycle: int) -> None:
        """It sets, and is in the dark for as long as what happens there takes."""
        await horizon.sets(self.stage, DARK)
        answered = len(self.calls.answered) + CALLS_IN_THE_DARK
        if cycle == course.promoted:
            await self.stage.constellation.apply(_model(self.stage, quantised=True))
            self.second = await base.promoted(self.stage, NAME, after=self.first)
        if cycle == course.gone_back:
            await self._crashes()
            await self.calls.until_answered_by(self.first)
        if course.is_long(cycle):
            await self._until_node(ready=False)
        await self.calls.until(
            lambda calls: len(calls.answered) >= answered,
            within_s=120,
            what=f"{CALLS_IN_THE_DARK} answers in the dark",
        )

    async def back(self, course: Course, cycle: int) -> None:
        """It rises; but for what takes longer, contact is over once the operator has heard it."""
        await horizon.rises(self.stage, DARK)
        if cycle == course.begun:
            await self._until_pods(
                lambda found: DARK in active_on(of_revision(found, self.second)),
                what=f"{self.second} is asked on board of {DARK}",
            )
        if cycle == course.caught_up:
            await self._until_pods(
                lambda found: (
                    active_on(found) == set(SATELLITES)
                    and {revision_of(pod) for pod in found} == {self.second}
                ),
                what=f"{DARK} has caught up, and no Pod of {self.first} is left",
            )
            await self.calls.until_answered_by(self.second)
        if cycle == course.gone_back:
            await self.stage.constellation.until(
                ALL_MODELS,
                lambda found: status_of(found, NAME).message.startswith("RolledBackOnBoard"),
                within_s=180,
                what="the ground hears that the board went back",
            )
        if course.is_long(cycle):
            await self._until_node(ready=True)

    async def _crashes(self) -> None:
        """Its server ends by itself again and again, while nobody is connected to it."""
        lab = self.stage.constellation.lab
        for _ in range(CRASHES):
            await self.calls.until_answered_by(self.second)
            (server,) = await asyncio.to_thread(servers_of, lab, DARK, self.second)
            while not await asyncio.to_thread(kill_while_idle, server):
                await self.calls.until_answered_by(self.second)

    async def _until_pods(self, holds: Condition, *, what: str) -> None:
        await self.stage.constellation.until(
            pods_of(NAME), holds, within_s=CAUGHT_UP_WITHIN_S, what=what
        )

    async def _until_node(self, *, ready: bool) -> None:
        await self.stage.constellation.until(
            NODES,
            lambda found: is_ready(found, DARK) is ready,
            within_s=NOTICED_WITHIN_S,
            what=f"the Node of {DARK} is {'Ready' if ready else 'not Ready'}",
        )


@pytest_asyncio.fixture
async def open_fleet(fleet: Stage) -> AsyncIterator[Stage]:
    yield fleet
    await base.nothing_is_left_of(fleet, NAME)


@pytest.mark.parametrize(
    "course",
    [
        pytest.param(SHORT, id="2", marks=pytest.mark.timeout(1200)),
        pytest.param(TWENTY, id="20", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
async def test_on_board_nobody_notices_dark_and_return(open_fleet: Stage, course: Course) -> None:
    stage, constellation = open_fleet, open_fleet.constellation
    golden = stage.artifacts.golden.path
    await constellation.apply(
        *(resources.satellite(name, lost_after_s=horizon.PATIENT_S) for name in SATELLITES),
        _model(stage, quantised=False),
    )
    first = await base.promoted(stage, NAME, after=None)
    async with (
        act(stage, TITLE, None) as clock,
        history(constellation, pods_of(NAME), _started) as started,
        history(constellation, ALL_SATELLITES, lambda found: phases(found)[DARK]) as seen,
        calling(constellation, DARK, NAME, golden) as calls,
    ):
        flight, current = Flight(stage, calls, first), 0
        for cycle in range(1, course.cycles + 1):
            clock.start(f"{DARK} sets for the {cycle}. time")
            await flight.dark(course, cycle)
            clock.saw("it was in the dark")
            await flight.back(course, cycle)
            clock.saw("it is back in contact")
            if cycle == course.caught_up:
                current = len(calls.made)
        await calls.until_answered_by(first)
    took_s = calls.made[-1].at - calls.made[0].at
    text = (
        f"{len(calls.made)} requests in {took_s:.0f} s, {len(calls.failed)} failed; the longest "
        f"answer took {max(call.took_s for call in calls.made):.1f} s"
    )
    stage.journal.write(Entry(TITLE, text))
    assert calls.failed == []
    assert set(calls.revisions) == {first, flight.second}
    assert Calls(calls.made[:current]).revisions[0] == first
    assert Calls(calls.made[current:]).revisions == [flight.second, first]
    assert seen.count(SatellitePhase.EXPECTED_DARK) == course.cycles
    assert SatellitePhase.LOST not in seen
    of_all = frozenset().union(*started)
    assert Counter(each.node for each in of_all) == dict.fromkeys(SATELLITES, 2), of_all
    assert {each.restarts for each in of_all} == {0}, of_all


def _model(stage: Stage, *, quantised: bool) -> resources.Json:
    file = stage.artifacts.quantised if quantised else stage.artifacts.stable
    rollout = {"steps": [{"wave": {"count": 1}}], "deadline": 300, "maxUnreachable": "40%"}
    return resources.model(
        stage, file, name=NAME, placement={"everySatellite": True}, rollout=rollout
    )


def _started(pods: Objects) -> frozenset[Container]:
    """The containers that have an id of their runtime."""
    return frozenset(each for each in containers(pods) if each.container_id)
