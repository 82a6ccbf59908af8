"""A model goes where its selectors let it, and says what keeps it from elsewhere."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from perigee_api.inference_model import ModelPhase
from perigee_demo.story.stage import ALL_MODELS, Stage, act
from perigee_lab.wanted import Request
from real_fleet import base, resources
from real_fleet.views import active_on, nodes_of, pods_of, status_of

ACCELERATED, ARMED, COLOURED = "needs-accelerator", "needs-arm64", "needs-label"
RESOURCE = "example.com/npu"


@pytest_asyncio.fixture
async def varied(fleet: Stage) -> AsyncIterator[Stage]:
    """sat-3 pretends to carry an accelerator, sat-2 to be of another architecture."""
    request = Request(
        resources={"sat-3": {RESOURCE: "1"}}, labels={"sat-2": {"kubernetes.io/arch": "arm64"}}
    )
    await asyncio.to_thread(fleet.constellation.lab.up, request)
    run = fleet.constellation.lab.cluster.run
    await asyncio.to_thread(run, "label", "node", "sat-1", "example.com/colour=red")
    yield fleet
    for name in (ACCELERATED, ARMED, COLOURED):
        await base.nothing_is_left_of(fleet, name)
    await asyncio.to_thread(run, "label", "node", "sat-1", "example.com/colour-")


async def test_each_model_lands_where_it_may(varied: Stage) -> None:
    stage, constellation = varied, varied.constellation
    accelerator = {"kind": "npu", "resource": RESOURCE, "count": 1}
    stable = stage.artifacts.stable
    needs = {
        ACCELERATED: {"replicas": 2, "accelerator": "Required"},
        ARMED: {"replicas": 1, "architectures": ["arm64"]},
        COLOURED: {"replicas": 1, "nodeSelector": {"example.com/colour": "red"}},
    }
    models = [
        resources.model(stage, stable, name=name, placement=placement)
        for name, placement in needs.items()
    ]
    models[0]["spec"]["resources"]["limits"][RESOURCE] = "1"
    models[1]["spec"]["resources"]["power"] = 3
    async with act(stage, "Selectors", None) as clock:
        clock.start("models for an accelerator, an architecture with power, and a label applied")
        await constellation.apply(
            resources.satellite("sat-3", hardware={"accelerator": accelerator}),
            resources.satellite("sat-2", hardware={"power": 5}),
            *models,
        )
        for name, satellite in ((ACCELERATED, "sat-3"), (ARMED, "sat-2"), (COLOURED, "sat-1")):
            found = await constellation.until(
                pods_of(name),
                lambda pods, satellite=satellite: active_on(pods) == {satellite},  # type: ignore[misc]
                within_s=180,
                what=f"{name} serves on {satellite}",
            )
            clock.saw(f"{name} serves on {satellite} alone")
            running = [pod for pod in found if pod["spec"].get("nodeName")]
            assert nodes_of(tuple(running)) == {satellite}
        status = status_of(
            await constellation.until(
                ALL_MODELS,
                lambda found: status_of(found, ACCELERATED).phase is ModelPhase.DEGRADED,
                within_s=30,
                what="two copies are wanted and one satellite qualifies",
            ),
            ACCELERATED,
        )
        assert "only 1 satellites qualify" in status.message
        assert "sat-1: it has no accelerator" in status.message
