"""A model for every satellite: a dark one keeps what it has, serves on board, and catches up."""

from collections.abc import AsyncIterator

import pytest_asyncio

from perigee_demo.cluster import Objects
from perigee_demo.story.constellation import Collection
from perigee_demo.story.stage import Stage, act
from real_fleet import base, horizon, resources
from real_fleet.history import history
from real_fleet.on_board import calling
from real_fleet.resources import SATELLITES
from real_fleet.views import (
    DAEMON_SETS,
    active_on,
    containers,
    nodes_of,
    of_revision,
    on,
    pods_of,
    revision_of,
)

NAME = "everywhere"
DARK = "sat-2"
IN_CONTACT = set(SATELLITES) - {DARK}


@pytest_asyncio.fixture
async def open_fleet(fleet: Stage) -> AsyncIterator[Stage]:
    yield fleet
    await base.nothing_is_left_of(fleet, NAME)


async def test_a_dark_satellite_keeps_its_revision_and_catches_up(open_fleet: Stage) -> None:
    stage, constellation = open_fleet, open_fleet.constellation
    placement = {"everySatellite": True}
    steps = [{"wave": {"count": 1}}, {"analysis": {"golden": {}}}]
    rollout = {"steps": steps, "deadline": 120, "maxUnreachable": "40%"}
    artifacts = stage.artifacts
    made = {
        file: resources.model(stage, file, name=NAME, placement=placement, rollout=rollout)
        for file in (artifacts.stable, artifacts.quantised)
    }

    async with act(stage, "Every satellite", None) as clock:
        clock.start("a model for every satellite applied")
        await constellation.apply(made[artifacts.stable])
        first = await base.promoted(stage, NAME, after=None)
        clock.saw(f"revision {first} serves everywhere")
        clock.start(f"{DARK} sets, and its link is cut")
        await horizon.sets(stage, DARK)
        pods = await constellation.until(pods_of(NAME), bool, within_s=10, what="Pods")
        before = containers(on(pods, DARK))
        async with (
            history(constellation, pods_of(NAME), _carriers_by_revision) as carried,
            calling(constellation, DARK, NAME, artifacts.golden.path) as calls,
        ):
            clock.start("a good revision applied")
            await constellation.apply(made[artifacts.quantised])
            second = await base.promoted(stage, NAME, after=first)
            clock.saw(f"revision {second} serves on all satellites in contact")
            await constellation.until(
                pods_of(NAME),
                lambda found: _places_by_revision(found).get(second, set()) >= IN_CONTACT,
                within_s=30,
                what=f"{second} serves on the satellites in contact",
            )
            waves = [_reached(each, second) for each in carried]
            assert waves[0] == 0
            assert 1 in waves, "one satellite first"
            assert waves[-1] == len(IN_CONTACT), "then the others"
            await constellation.throughout(
                pods_of(NAME),
                lambda found: containers(on(found, DARK)) == before,
                for_s=5,
                what=f"{DARK} has the Pod it had, and no other",
            )
            assert calls.failed == []
            assert calls.revisions == [first]

            clock.start(f"{DARK} rises")
            await horizon.rises(stage, DARK)
            await constellation.until(
                pods_of(NAME),
                lambda found: (
                    active_on(found) == set(SATELLITES)
                    and {revision_of(pod) for pod in found} == {second}
                ),
                within_s=120,
                what=f"{DARK} has caught up, and no Pod of {first} is left",
            )
            clock.saw(f"{DARK} has caught up")
            # Both may be asked for a moment, in turns; the one that stays is asked from then on.
            await calls.until(
                lambda calls: calls.revisions[-1] == second,
                within_s=30,
                what=f"{second} answers on board of {DARK}",
            )
        assert calls.failed == [], "on board one or the other answered all the time"
        assert calls.revisions[0] == first
        assert set(calls.revisions) == {first, second}
        await _on_delete_alone(stage)


async def _on_delete_alone(stage: Stage) -> None:
    """A rolling update would end the Pods of dark satellites first."""
    found = await stage.constellation.until(
        Collection(DAEMON_SETS), bool, within_s=10, what="DaemonSets"
    )
    assert {each["spec"]["updateStrategy"]["type"] for each in found} == {"OnDelete"}


def _carriers_by_revision(pods: Objects) -> dict[str, frozenset[str]]:
    """Where each revision has a Pod."""
    return {revision: nodes_of(of_revision(pods, revision)) for revision in _revisions(pods)}


def _places_by_revision(pods: Objects) -> dict[str, frozenset[str]]:
    """Where each revision serves."""
    return {revision: active_on(of_revision(pods, revision)) for revision in _revisions(pods)}


def _revisions(pods: Objects) -> set[str]:
    return {revision_of(pod) for pod in pods}


def _reached(carriers: dict[str, frozenset[str]], revision: str) -> int:
    return len(carriers.get(revision, frozenset()) & IN_CONTACT)
