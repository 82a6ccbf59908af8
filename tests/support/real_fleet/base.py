"""The state that tests begin in, reached from whatever the test before has left."""

import asyncio
import json
from dataclasses import dataclass
from typing import Final

from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story.manifests import MODEL, REPLICAS
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_MODELS, ALL_SATELLITES, Stage
from perigee_demo.story.views import phases, serving
from perigee_lab.lab import Lab
from real_fleet.resources import SATELLITES, model, satellite
from real_fleet.views import NODES, marks, nodes_of, pods_of, satellite_status, status_of

FORGET_LOSS: Final = json.dumps({"status": {"lastLostTime": None}})


@dataclass(frozen=True, slots=True)
class Served:
    """The demo's model serves on two satellites; the third has its artifacts and no Pod."""

    stage: Stage
    revision: str
    victim: str
    """One of the two: something is done to it."""
    other: str
    spare: str


def bring_back(lab: Lab) -> None:
    """Restores every link and boots every satellite that is off."""
    for node in lab.state.nodes:
        if node.link.cut:
            lab.restore(node.name)
        if node.link.kbit_s is not None:
            lab.shape(node.name, None)
    for found in lab.status().nodes:
        if not found.on:
            lab.boot(found.name)


async def all_in_contact(stage: Stage, *, keeping: str | None = None) -> None:
    """All satellites are in contact and bear no trace of a loss; no model but one is left."""
    constellation = stage.constellation
    await asyncio.to_thread(_delete_models, stage, keeping)
    await asyncio.to_thread(_relabel, stage)
    await constellation.apply(*(satellite(name) for name in SATELLITES))
    await constellation.until(
        ALL_SATELLITES,
        lambda found: all(phases(found).get(n) is SatellitePhase.IN_CONTACT for n in SATELLITES),
        within_s=90,
        what="all satellites are InContact",
    )
    await constellation.until(
        NODES,
        lambda found: all(
            marks(found, name).taints == {names.SATELLITE_TAINT}
            and marks(found, name).labels.get(names.SATELLITE_NODE_LABEL) == name
            for name in SATELLITES
        ),
        within_s=100,
        what="no Node is tainted, and each bears its satellite's name",
    )


async def standard_model_serves(stage: Stage) -> Served:
    """The demo's model is Healthy, on as many satellites as it wants."""
    constellation = stage.constellation
    await constellation.apply(model(stage, stage.artifacts.stable))
    models = await constellation.until(
        ALL_MODELS,
        lambda found: status_of(found, MODEL).phase is ModelPhase.HEALTHY,
        within_s=180,
        what=f"{MODEL} is Healthy",
    )
    pods = await constellation.until(
        pods_of(MODEL),
        lambda found: len(found) == REPLICAS and len(nodes_of(found)) == REPLICAS,
        within_s=60,
        what=f"{MODEL} has {REPLICAS} Pods and no more",
    )
    await constellation.until(
        ALL_ENDPOINTS,
        lambda found: serving(found) == nodes_of(pods),
        within_s=30,
        what="the ground may ask both",
    )
    victim, other = sorted(nodes_of(pods))
    (spare,) = set(SATELLITES) - {victim, other}
    revision = status_of(models, MODEL).stable_revision or ""
    return Served(stage, revision, victim, other, spare)


async def promoted(stage: Stage, name: str, *, after: str | None) -> str:
    """The revision of a model that is stable next, once its rollout is over.

    Args:
        stage: where it is.
        name: of the model, which satellites in the dark may have still to get.
        after: the revision that is stable by now.
    """
    models = await stage.constellation.until(
        ALL_MODELS,
        lambda found: (
            status_of(found, name).stable_revision not in {None, after}
            and status_of(found, name).rollout is None
            and status_of(found, name).phase in {ModelPhase.HEALTHY, ModelPhase.WAITING}
        ),
        within_s=180,
        what=f"a revision of {name} is promoted",
    )
    return status_of(models, name).stable_revision or ""


async def losses_are_long_ago(stage: Stage) -> None:
    """As if the hour had passed in which a loss counts against the fleet's budget."""
    found = await stage.constellation.until(
        ALL_SATELLITES, bool, within_s=10, what="there are satellites"
    )
    for name in SATELLITES:
        if satellite_status(found, name).last_lost_time is not None:
            await asyncio.to_thread(_forget_loss, stage, name)


async def nothing_is_left_of(stage: Stage, name: str) -> None:
    """Deletes a model, and waits until its Pods are gone; on dark satellites they would stay."""
    await asyncio.to_thread(bring_back, stage.constellation.lab)
    await asyncio.to_thread(_delete, stage, f"inferencemodel/{name}")
    await stage.constellation.until(
        pods_of(name), lambda found: not found, within_s=60, what=f"no Pod of {name} is left"
    )


def _delete_models(stage: Stage, keeping: str | None) -> None:
    run = stage.constellation.lab.cluster.run
    found = run("get", "inferencemodels", "--output=name").split()
    for model_name in found:
        if model_name.rpartition("/")[2] != keeping:
            _delete(stage, model_name)


def _delete(stage: Stage, what: str) -> None:
    run = stage.constellation.lab.cluster.run
    run("delete", what, "--cascade=foreground", "--timeout=60s", "--ignore-not-found")


def _relabel(stage: Stage) -> None:
    """A Node whose SatelliteNode was deleted is a satellite again only by a human's word."""
    label = f"{names.SATELLITE_LABEL}=true"
    stage.constellation.lab.cluster.run("label", "node", *SATELLITES, label, "--overwrite")


def _forget_loss(stage: Stage, name: str) -> None:
    run = stage.constellation.lab.cluster.run
    run("patch", "sat", name, "--subresource=status", "--type=merge", f"--patch={FORGET_LOSS}")
