"""A rollout that is paused holds; one back to a revision of the history moves no bytes."""

from perigee_api.inference_model import ModelPhase
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_MODELS, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import is_seen, model_status
from real_fleet import resources
from real_fleet.base import Served
from real_fleet.views import pods_of, revision_of, status_of

PAUSED_S = 8


async def test_paused_holds_and_the_way_back_is_short(
    served: Served, traffic: TrafficProcess
) -> None:
    stage, first = served.stage, served.revision
    constellation, quantised = stage.constellation, stage.artifacts.quantised
    at_once = {"steps": [], "deadline": 120}
    async with act(stage, "Paused, and promoted", traffic) as clock:
        clock.start("a good revision applied, paused")
        await constellation.apply(resources.model(stage, quantised, rollout=at_once, paused=True))
        await constellation.until(
            ALL_MODELS,
            lambda found: status_of(found, MODEL).phase is ModelPhase.PAUSED,
            within_s=30,
            what="the model is Paused",
        )
        await constellation.throughout(
            ALL_MODELS,
            lambda found: (
                model_status(found).stable_revision == first
                and model_status(found).phase is ModelPhase.PAUSED
            ),
            for_s=PAUSED_S,
            what=f"the model is Paused and {first} its stable revision",
        )
        clock.saw("it holds where it is")
        assert set(traffic.counts["byRevision"]) == {first}
        clock.start("not paused any more")
        await constellation.apply(resources.model(stage, quantised, rollout=at_once))
        models = await constellation.until(
            ALL_MODELS,
            lambda found: (
                status_of(found, MODEL).phase is ModelPhase.HEALTHY
                and status_of(found, MODEL).stable_revision != first
            ),
            within_s=120,
            what="the good revision is promoted",
        )
        clock.saw("promoted, on all satellites at once")
        second = model_status(models).stable_revision or ""
        assert model_status(models).previous_revision == first
        await traffic.until(
            lambda counts: counts["byRevision"].get(second, 0) > 0,
            within_s=30,
            what=f"{second} answers",
        )

    depot = constellation.lab.depot_directory / stage.artifacts.stable.path.name
    hidden = depot.with_suffix(".hidden")
    depot.rename(hidden)
    try:
        async with act(stage, "The way back", traffic) as clock:
            clock.start(f"the spec names {first} again, which no depot has any more")
            await constellation.apply(resources.model(stage, stage.artifacts.stable))
            models = await constellation.until(
                ALL_MODELS,
                lambda found: is_seen(found) and model_status(found).rollout is not None,
                within_s=30,
                what="the rollout has begun",
            )
            rollout = model_status(models).rollout
            assert rollout is not None
            assert rollout.direct
            await constellation.until(
                ALL_MODELS,
                lambda found: (
                    status_of(found, MODEL).phase is ModelPhase.HEALTHY
                    and status_of(found, MODEL).stable_revision == first
                ),
                within_s=90,
                what=f"{first} serves again",
            )
            clock.saw(f"{first} serves again: direct, and no byte was moved")
            await constellation.until(
                pods_of(MODEL),
                lambda found: {revision_of(pod) for pod in found} == {first},
                within_s=60,
                what=f"no Pod of {second} is left",
            )
    finally:
        hidden.rename(depot)
