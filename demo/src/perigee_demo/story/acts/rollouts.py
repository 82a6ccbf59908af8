"""New revisions: a good one is promoted, a damaged one is caught."""

from typing import Final

from perigee_api.inference_model import InferenceModelStatus, ModelPhase
from perigee_api.termination import TerminationReason
from perigee_demo.artifacts.files import ArtifactFile
from perigee_demo.story import manifests
from perigee_demo.story.stage import ALL_MODELS, Stage, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import is_seen, model_status

GOOD: Final = "A good revision"
BAD: Final = "A damaged revision"

NOTICED_WITHIN_S: Final = 30
CANARY_WITHIN_S: Final = 180
PROMOTED_WITHIN_S: Final = 240


async def good_revision_is_promoted(stage: Stage, traffic: TrafficProcess) -> str:
    """The same network with weights of int8 goes through the canary.

    Returns:
        The new revision.

    Raises:
        PromiseBrokenError: it was not promoted.
    """
    constellation = stage.constellation
    async with act(stage, GOOD, traffic) as clock:
        file = stage.artifacts.quantised
        clock.start(f"the same network with weights of int8 applied, {file.size / 1e6:.1f} MB")
        candidate = await _candidate(stage, file, "int8")
        clock.saw(f"revision {candidate} goes to one satellite")
        await constellation.until(
            ALL_MODELS,
            lambda found: _is_canary(model_status(found), candidate),
            within_s=CANARY_WITHIN_S,
            what=f"{candidate} passes its golden set and gets a share of the requests",
        )
        await traffic.until(
            lambda counts: counts["byRevision"].get(candidate, 0) > 0,
            within_s=30,
            what=f"{candidate} answers as canary",
        )
        clock.saw(f"{candidate} passed its golden set on board and answers as canary")
        await constellation.until(
            ALL_MODELS,
            lambda found: (
                model_status(found).stable_revision == candidate
                and model_status(found).phase is ModelPhase.HEALTHY
            ),
            within_s=PROMOTED_WITHIN_S,
            what=f"{candidate} is promoted",
        )
        clock.saw(f"{candidate} is promoted")
        return candidate


async def damaged_revision_is_caught(stage: Stage, traffic: TrafficProcess, stable: str) -> None:
    """A network whose weights are damaged fails its golden set and is rolled back.

    Args:
        stage: where.
        traffic: the requests meanwhile.
        stable: the revision that must go on serving.

    Raises:
        PromiseBrokenError: it was not caught, or answered a request.
    """
    constellation = stage.constellation
    async with act(stage, BAD, traffic) as clock:
        clock.start("the network with one weight in twenty of the wrong sign applied")
        candidate = await _candidate(stage, stage.artifacts.damaged, "fp16")
        clock.saw(f"revision {candidate} goes to one satellite")
        models = await constellation.until(
            ALL_MODELS,
            lambda found: _is_caught(model_status(found), candidate),
            within_s=CANARY_WITHIN_S,
            what=f"{candidate} fails its golden set and is rolled back",
        )
        status = model_status(models)
        clock.saw(f"Degraded: {status.message}")
        await constellation.throughout(
            ALL_MODELS,
            lambda found: model_status(found).stable_revision == stable,
            for_s=5,
            what=f"{stable} serves",
        )
        await traffic.until(
            lambda counts: candidate not in counts["byRevision"],
            within_s=1,
            what=f"{candidate} has answered no request",
        )
        clock.start("the good revision applied again")
        await constellation.apply(_manifest(stage, stage.artifacts.quantised, "int8"))
        await constellation.until(
            ALL_MODELS,
            lambda found: (
                is_seen(found)
                and model_status(found).phase is ModelPhase.HEALTHY
                and model_status(found).stable_revision == stable
            ),
            within_s=60,
            what=f"the model is Healthy with {stable}",
        )
        clock.saw(f"Healthy with {stable}, which had served all the time")


async def _candidate(stage: Stage, file: ArtifactFile, precision: str) -> str:
    """Applies a network and waits until a revision of it is being introduced."""
    models = await stage.constellation.until(ALL_MODELS, bool, within_s=10, what="a model")
    before = model_status(models).stable_revision
    await stage.constellation.apply(_manifest(stage, file, precision))
    models = await stage.constellation.until(
        ALL_MODELS,
        lambda found: is_seen(found) and _introduced(model_status(found), before) is not None,
        within_s=NOTICED_WITHIN_S,
        what="the new revision is a candidate",
    )
    return _introduced(model_status(models), before) or ""


def _introduced(status: InferenceModelStatus, stable: str | None) -> str | None:
    """The revision that is being introduced, or was and has failed already."""
    if status.candidate_revision not in {None, stable}:
        return status.candidate_revision
    return status.aborted.revision if status.aborted else None


def _is_canary(status: InferenceModelStatus, candidate: str) -> bool:
    return status.candidate_revision == candidate and status.weight > 0


def _is_caught(status: InferenceModelStatus, candidate: str) -> bool:
    return (
        status.phase is ModelPhase.DEGRADED
        and status.aborted is not None
        and status.aborted.revision == candidate
        and status.aborted.reason == TerminationReason.GOLDEN_SET_FAILED.value
    )


def _manifest(stage: Stage, file: ArtifactFile, precision: str) -> manifests.Manifest:
    return manifests.model(file, stage.artifacts.golden, stage.depot, precision)
