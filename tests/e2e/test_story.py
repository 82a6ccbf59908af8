"""The story of the demo, act by act, and what it does not show: life on board, a late return."""

import asyncio
from pathlib import Path

import numpy as np

from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.scene.clouds import with_clouds
from perigee_demo.scene.source import read_scene
from perigee_demo.story.acts.darkness import DARK, dark_satellite_keeps_its_work
from perigee_demo.story.acts.first_light import (
    FIXED,
    PLANNED,
    model_serves,
    scene_masked,
    spare_joins,
)
from perigee_demo.story.acts.loss import lost_satellites_work_moves
from perigee_demo.story.acts.rollouts import damaged_revision_is_caught, good_revision_is_promoted
from perigee_demo.story.manifests import MODEL, REPLICAS
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_SATELLITES, Stage, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import phases, serving
from real_fleet.history import history
from real_fleet.on_board import EVERY_S, calling
from real_fleet.views import (
    NODES,
    containers,
    is_ready,
    marks,
    nodes_of,
    pods_of,
    revision_of,
)
from reference_mask import reference_mask

RATE_HZ = 2.0
AGREEMENT = 0.999
"""Share of the pixels on which satellites and the network's own package agree."""
NODE_GIVEN_UP_WITHIN_S = 90.0
PHASES = [SatellitePhase.IN_CONTACT, SatellitePhase.EXPECTED_DARK, SatellitePhase.IN_CONTACT]
"""Of a satellite that sets and rises."""


async def test_the_story_of_the_demo_and_its_afterlife(fleet: Stage, tmp_path: Path) -> None:
    stage = fleet
    picture, masks = tmp_path / "cloud-mask.png", tmp_path / "masks.npz"
    first = await model_serves(stage)
    await spare_joins(stage)
    await scene_masked(stage, picture, masks)
    assert picture.stat().st_size > 0
    _agrees_with_the_reference(masks)
    lab, golden = stage.constellation.lab, stage.artifacts.golden.path
    async with TrafficProcess.start(lab, golden, rate_hz=RATE_HZ) as traffic:
        await _dark_satellite_serves_itself(stage, traffic, first)
        await lost_satellites_work_moves(stage, traffic)
        good = await good_revision_is_promoted(stage, traffic)
        await damaged_revision_is_caught(stage, traffic, good)
        await _late_return(stage, traffic, good)
    assert traffic.counts["failed"] == 0


def _agrees_with_the_reference(masks: Path) -> None:
    clear = read_scene()
    with np.load(masks) as served:
        for name, scene in (("clear", clear), ("clouded", with_clouds(clear))):
            assert (served[name] == reference_mask(scene)).mean() >= AGREEMENT, name


async def _dark_satellite_serves_itself(
    stage: Stage, traffic: TrafficProcess, revision: str
) -> None:
    """Dark for longer than Kubernetes' grace: not even what runs on board notices."""
    constellation, golden = stage.constellation, stage.artifacts.golden.path
    pods = pods_of(MODEL)
    before = containers(await constellation.until(pods, bool, within_s=10, what="Pods"))
    async with (
        history(constellation, NODES, lambda found: is_ready(found, PLANNED)) as ready,
        history(constellation, pods, nodes_of) as places,
        history(constellation, ALL_SATELLITES, lambda found: phases(found)[PLANNED]) as seen,
        history(constellation, ALL_ENDPOINTS, serving) as asked,
        calling(constellation, PLANNED, MODEL, golden) as calls,
    ):
        await dark_satellite_keeps_its_work(stage, traffic)
        # It was dark for longer than the node controller waits, which has heard of it again.
        await ready.until([True, False, True], within_s=60)
        after = containers(await constellation.until(pods, bool, within_s=10, what="Pods"))
        assert after == before, "the same containers, none restarted"
        both = frozenset({FIXED, PLANNED})
        assert places == [both]
        assert asked == [both, frozenset({FIXED}), both], "not asked in the dark"
        assert seen == PHASES
    assert calls.failed == []
    assert calls.revisions == [revision]
    assert len(calls.made) > DARK.seconds / (EVERY_S + 1.5)


async def _late_return(stage: Stage, traffic: TrafficProcess, stable: str) -> None:
    """The satellite that lost power long ago has power again; its revision is out of use."""
    constellation = stage.constellation
    nodes = await constellation.until(
        NODES,
        lambda found: not is_ready(found, FIXED),
        within_s=NODE_GIVEN_UP_WITHIN_S,
        what=f"the node controller has given {FIXED} up, too",
    )
    assert names.LOST_TAINT in marks(nodes, FIXED).taints
    async with (
        act(stage, "A late return", traffic) as clock,
        history(constellation, ALL_ENDPOINTS, serving) as asked,
    ):
        clock.start(f"{FIXED} is switched on, long after it was lost")
        await asyncio.to_thread(constellation.lab.boot, FIXED)
        await constellation.until(
            ALL_SATELLITES,
            lambda found: phases(found)[FIXED] is SatellitePhase.IN_CONTACT,
            within_s=60,
            what=f"{FIXED} is InContact",
        )
        clock.saw(f"{FIXED} is InContact")
        await constellation.until(
            pods_of(MODEL),
            lambda found: len(found) == REPLICAS and {revision_of(p) for p in found} == {stable},
            within_s=120,
            what="Pods of the stable revision alone are left",
        )
        clock.saw("the Pod of the revision it had is gone")
        await constellation.until(
            NODES,
            lambda found: marks(found, FIXED).taints == {names.SATELLITE_TAINT},
            within_s=30,
            what=f"the taint is lifted off {FIXED}",
        )
        assert all(FIXED not in satellites for satellites in asked), "nothing went there meanwhile"
