"""Revisions that cannot serve: each ends Degraded, says why, and costs no request."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from perigee_api.inference_model import InferenceModelStatus, ModelPhase
from perigee_demo.cluster import Objects
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_MODELS, Stage, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import serving
from real_fleet import resources
from real_fleet.base import Served
from real_fleet.history import history
from real_fleet.resources import Json
from real_fleet.views import status_of

IMPOSSIBLE_IMAGE = "localhost/perigee/Edge:1"
"""An image's name has no capitals."""


@dataclass(frozen=True)
class Bad:
    make: Callable[[Stage], Json]
    reason: str
    says: tuple[str, ...]


def truncated(stage: Stage) -> Json:
    return resources.model(stage, stage.artifacts.truncated)


def damaged(stage: Stage) -> Json:
    return resources.model(stage, stage.artifacts.damaged)


def wrong_digest(stage: Stage) -> Json:
    return resources.model(stage, replace(stage.artifacts.quantised, sha256="0" * 64))


def wrong_size(stage: Stage) -> Json:
    file = stage.artifacts.damaged
    return resources.model(stage, replace(file, sha256="1" * 64, size=file.size + 1))


def missing(stage: Stage) -> Json:
    bad = resources.model(stage, replace(stage.artifacts.stable, sha256="2" * 64))
    bad["spec"]["artifact"]["uri"] = f"{stage.depot}/no-such-model.onnx"
    return bad


def with_impossible_image(stage: Stage) -> Json:
    bad = resources.model(stage, stage.artifacts.stable)
    bad["spec"]["runtime"]["image"] = IMPOSSIBLE_IMAGE
    return bad


def without_image(stage: Stage) -> Json:
    bad = resources.model(stage, stage.artifacts.stable)
    bad["spec"]["runtime"]["image"] = "localhost/perigee/absent:1"
    # No registry answers there, which a link might mend: it is the deadline that ends this.
    bad["spec"]["rollout"]["deadline"] = 10
    return bad


BAD = {
    "truncated": Bad(truncated, "ModelUnreadable", ("cannot load the model",)),
    "damaged": Bad(damaged, "GoldenSetFailed", ("agreement", "0.98")),
    "digest": Bad(wrong_digest, "DigestMismatch", ("SHA-256", "cloud-mask-int8.onnx")),
    "size": Bad(wrong_size, "SizeMismatch", ("39601687", "39601686")),
    "missing": Bad(missing, "NotFound", ("404", "no-such-model.onnx")),
    "image-name": Bad(with_impossible_image, "CannotStart", ("InvalidImageName", IMPOSSIBLE_IMAGE)),
    "image": Bad(
        without_image,
        "DeadlineExceeded",
        ("After 10 s of contact", "cannot start it: ", "ImagePull", "localhost/perigee/absent:1"),
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_revision_is_given_up_and_the_stable_one_serves(
    served: Served, traffic: TrafficProcess, name: str
) -> None:
    bad = BAD[name]
    stage = served.stage
    constellation = stage.constellation

    def status(models: Objects) -> InferenceModelStatus:
        return status_of(models, MODEL)

    async with (
        act(stage, f"A bad revision: {name}", traffic) as clock,
        history(constellation, ALL_ENDPOINTS, serving) as asked,
        history(constellation, ALL_MODELS, lambda found: status(found).stable_revision) as stable,
    ):
        clock.start("applied")
        await constellation.apply(bad.make(stage))
        models = await constellation.until(
            ALL_MODELS,
            lambda found: status(found).phase is ModelPhase.DEGRADED,
            within_s=120,
            what="it is Degraded",
        )
        found = status(models)
        clock.saw(f"Degraded: {found.message}")
        assert found.aborted is not None
        assert found.aborted.reason == bad.reason
        assert found.aborted.revision != served.revision
        for word in (*bad.says, f"revision {served.revision} serves"):
            assert word in found.message
        await constellation.apply(resources.model(stage, stage.artifacts.stable))
        await constellation.until(
            ALL_MODELS,
            lambda found: status(found).phase is ModelPhase.HEALTHY,
            within_s=30,
            what="with the spec put back it is Healthy",
        )
        assert set(traffic.counts["byRevision"]) == {served.revision}
        assert set(stable) - {None} == {served.revision}
        assert all(satellites >= {served.victim, served.other} for satellites in asked)
