"""Two hundred requests a second through the Service, whatever becomes of the model's revisions."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest
import pytest_asyncio
from onnx import TensorProto, helper

from perigee_api import names
from perigee_api.inference_model import InferenceModelStatus, ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_demo.artifacts.depot import place
from perigee_demo.artifacts.files import ArtifactFile
from perigee_demo.story.manifests import NAMESPACE
from perigee_demo.story.stage import ALL_MODELS, Stage, act
from perigee_demo.story.views import PODS
from perigee_lab.lab import Lab
from real_fleet import base, resources
from real_fleet.rapid import Rapid, rapid
from real_fleet.views import status_of

NAME = "rapid"
RATE_HZ = 200.0
ROLLOUT = {
    "steps": [{"wave": {"count": 1}}, {"weight": 50}, {"pause": {"duration": 3}}],
    "deadline": 60,
}
GATED = {"steps": [{"weight": 50}, {"pause": {}}], "deadline": 60}


def tiny(operator: str) -> bytes:
    """A network of one node: it costs next to nothing, so that what is measured is the rest."""
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 4]) for n in "xy"]
    node = helper.make_node(operator, ["x"], ["y"])
    graph = helper.make_graph([node], "tiny", value[:1], value[1:])
    opset = [helper.make_opsetid("", 17)]
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=10)
    content: bytes = model.SerializeToString()
    return content


@pytest.fixture
def files(lab: Lab, tmp_path: Path) -> Iterator[dict[str, ArtifactFile]]:
    """Three networks that are good, and one that no engine can read."""
    contents = {each: tiny(each) for each in ("Neg", "Abs", "Sqrt")} | {"bad": b"no network"}
    made = {}
    for name, content in contents.items():
        path = tmp_path / f"tiny-{name.lower()}.onnx"
        path.write_bytes(content)
        made[name] = ArtifactFile.of(path)
    place(made.values(), lab.depot_directory)
    yield made
    for file in made.values():
        (lab.depot_directory / file.path.name).unlink()


@pytest_asyncio.fixture
async def open_fleet(fleet: Stage) -> AsyncIterator[Stage]:
    yield fleet
    await base.nothing_is_left_of(fleet, NAME)


def model(stage: Stage, file: ArtifactFile, rollout: dict[str, Any]) -> dict[str, Any]:
    resource = resources.model(stage, file, name=NAME, rollout=rollout)
    del resource["spec"]["golden"]
    return resource


async def becomes(stage: Stage, what: str, **wanted: Any) -> InferenceModelStatus:
    """The model's status, once these fields are as wanted."""
    models = await stage.constellation.until(
        ALL_MODELS,
        lambda found: all(
            getattr(status_of(found, NAME), key) == value for key, value in wanted.items()
        ),
        within_s=120,
        what=what,
    )
    return status_of(models, NAME)


async def decide(stage: Stage, verb: RolloutVerb) -> None:
    await stage.constellation.apply(
        {
            "apiVersion": names.API_VERSION,
            "kind": "RolloutAction",
            "metadata": {"name": f"{NAME}-{verb.value.lower()}", "namespace": NAMESPACE},
            "spec": {"model": NAME, "verb": verb.value, "by": "perigee-lab"},
        }
    )


async def test_no_request_fails_while_revisions_come_and_go(
    open_fleet: Stage, lab: Lab, files: dict[str, ArtifactFile]
) -> None:
    stage, constellation = open_fleet, open_fleet.constellation
    async with act(stage, "Two hundred requests a second", None) as clock:
        await constellation.apply(model(stage, files["Neg"], ROLLOUT))
        status = await becomes(stage, "the first revision serves", phase=ModelPhase.HEALTHY)
        first = status.stable_revision or ""
        service = await constellation.cluster.get(f"{PODS.replace('/pods', '/services')}/{NAME}")
        assert service is not None
        async with rapid(lab, service["spec"]["clusterIP"], NAME, RATE_HZ) as client:
            await _all_answered(client, {first})
            clock.start("a good revision applied")
            await constellation.apply(model(stage, files["Abs"], ROLLOUT))
            await becomes(stage, "its weight is 50 %", weight=50)
            clock.saw("it has half of the requests")
            status = await becomes(
                stage, "it is promoted", phase=ModelPhase.HEALTHY, previous_revision=first
            )
            second = status.stable_revision or ""
            clock.saw("it is promoted")
            clock.start("a file applied that is no network")
            await constellation.apply(model(stage, files["bad"], ROLLOUT))
            await becomes(stage, "it is given up", phase=ModelPhase.DEGRADED)
            clock.saw("it is given up")
            clock.start("another good one, which a person ends half-way")
            await constellation.apply(model(stage, files["Sqrt"], GATED))
            status = await becomes(stage, "it waits", phase=ModelPhase.WAITING, weight=50)
            third = status.candidate_revision or ""
            await client.until(
                lambda tally: third in tally.by_revision, within_s=30, what=f"{third} answers"
            )
            await decide(stage, RolloutVerb.ABORT)
            await becomes(stage, "it is ended", candidate_revision=None, weight=0)
            clock.saw("it is ended")
            clock.start(f"a person goes back to {first}")
            await decide(stage, RolloutVerb.ROLL_BACK)
            await becomes(stage, "the first one serves", stable_revision=first)
            clock.saw(f"{first} serves")
            await _all_answered(client, {first, second, third})
        tally = client.tally
        clock.saw(
            f"{tally.sent} requests in {tally.seconds:.0f} s, {tally.failed} failed, "
            f"{tally.retried} at the second try, {tally.held_back} not sent"
        )
    assert tally.final
    assert (tally.failed, tally.failures) == (0, [])
    assert sum(tally.by_revision.values()) == tally.sent
    assert set(tally.by_revision) == {first, second, third}


async def _all_answered(client: Rapid, revisions: set[str]) -> None:
    """A second's requests more, from the moment on."""
    sent = client.tally.sent
    await client.until(
        lambda tally: tally.sent > sent + RATE_HZ / 4 and revisions <= set(tally.by_revision),
        within_s=30,
        what="requests are answered",
    )
