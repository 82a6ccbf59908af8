"""A model is given to two satellites, and the scene is masked on board."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story import manifests
from perigee_demo.story.manifests import Window
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_MODELS, ALL_SATELLITES, Stage, act
from perigee_demo.story.traffic_process import on_ground
from perigee_demo.story.views import is_seen, model_status, phases, serving

TITLE: Final = "A model serves"

FIXED: Final = "sat-1"
PLANNED: Final = "sat-2"
SPARE: Final = "sat-3"
"""Nobody says where it is until the model runs on the others, so it is free when one is lost."""

BEGAN: Final = timedelta(minutes=10)
"""So long ago began a pass that is under way when the ground is told of it."""
LONG: Final = timedelta(hours=6)


async def model_serves(stage: Stage) -> str:
    """Two satellites are described, a model is applied, and both serve it.

    Returns:
        The revision that serves.

    Raises:
        PromiseBrokenError: they do not.
    """
    constellation = stage.constellation
    async with act(stage, TITLE, None) as clock:
        now = stage.now()
        plan = (Window(now - BEGAN, now + LONG),)
        clock.start(f"SatelliteNodes {FIXED} (fixed) and {PLANNED} (contact plan) applied")
        await constellation.apply(manifests.fixed_satellite(FIXED))
        await constellation.apply(manifests.planned_satellite(PLANNED, plan))
        await constellation.until(
            ALL_SATELLITES,
            lambda found: all(
                phases(found).get(name) is SatellitePhase.IN_CONTACT for name in (FIXED, PLANNED)
            ),
            within_s=60,
            what=f"{FIXED} and {PLANNED} are InContact",
        )
        clock.saw(f"{FIXED} and {PLANNED} are InContact")
        stable = stage.artifacts.stable
        clock.start(f"InferenceModel applied: {stable.size / 1e6:.1f} MB to two satellites")
        await constellation.apply(
            manifests.model(stable, stage.artifacts.golden, stage.depot, "fp16")
        )
        models = await constellation.until(
            ALL_MODELS,
            lambda found: is_seen(found) and model_status(found).phase is ModelPhase.HEALTHY,
            within_s=180,
            what="the model is Healthy",
        )
        await constellation.until(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {FIXED, PLANNED},
            within_s=30,
            what=f"{FIXED} and {PLANNED} serve",
        )
        revision = model_status(models).stable_revision or ""
        clock.saw(f"revision {revision} passed its golden set on both satellites and serves")
        return revision


async def spare_joins(stage: Stage) -> None:
    """The third satellite, discovered but not yet described, is described.

    Raises:
        PromiseBrokenError: it does not come into contact.
    """
    async with act(stage, TITLE, None) as clock:
        clock.start(f"SatelliteNode {SPARE} applied; it had been discovered, its orbit unknown")
        await stage.constellation.apply(manifests.fixed_satellite(SPARE))
        await stage.constellation.until(
            ALL_SATELLITES,
            lambda found: phases(found).get(SPARE) is SatellitePhase.IN_CONTACT,
            within_s=60,
            what=f"{SPARE} is InContact",
        )
        clock.saw(f"{SPARE} is InContact and has room")


async def scene_masked(stage: Stage, picture: Path, masks: Path | None = None) -> None:
    """The scene goes up in tiles, its mask comes down.

    Raises:
        PromiseBrokenError: a tile was not answered.
    """
    async with act(stage, "A scene is masked", None) as clock:
        clock.start("tiles of the scene sent up, as it is and under simulated clouds")
        arguments = ["mask", f"--picture={picture}"]
        arguments += [] if masks is None else [f"--masks={masks}"]
        report = json.loads(await on_ground(stage.constellation.lab, *arguments))
        clock.saw(f"masks came down from {', '.join(report['satellites'])}: {picture}")
