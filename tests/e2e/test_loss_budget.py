"""Two satellites fall silent at once: the second is not given up without a human's word."""

import asyncio

from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_SATELLITES, Stage, act
from perigee_demo.story.views import phases
from real_fleet import resources
from real_fleet.history import history
from real_fleet.resources import SATELLITES
from real_fleet.views import active_on, holds, pods_of, refused_pods, satellite_status

SILENT = ("sat-1", "sat-2")
FEW = 10
"""Pods that kubelets may refuse before their Nodes are left alone."""


async def test_a_loss_beyond_the_budget_waits_for_a_human(fleet: Stage) -> None:
    stage, constellation = fleet, fleet.constellation
    async with act(stage, "The loss budget", None) as clock:
        clock.start(f"links of {' and '.join(SILENT)} cut in contact")
        for name in SILENT:
            await constellation.cut(name)
        satellites = await constellation.until(
            ALL_SATELLITES,
            lambda found: (
                sorted(phases(found)[name] for name in SILENT)
                == [SatellitePhase.LOST, SatellitePhase.SUSPECT]
                and any(holds(satellite_status(found, name), "LossHeld") for name in SILENT)
            ),
            within_s=60,
            what="one is Lost, the other's loss is held",
        )
        clock.saw("one is Lost, the other's loss is held")
        (held,) = (n for n in SILENT if phases(satellites)[n] is SatellitePhase.SUSPECT)
        status = satellite_status(satellites, held)
        (told,) = (each.message for each in status.conditions if each.type == "LossHeld")
        # The message names the command; a human does as it says.
        command = told.partition("kubectl ")[2].split()
        consent = f"{names.LOST_CONSENT_ANNOTATION}={status.epoch + 1}"
        assert {"annotate", "sat", held, consent} <= set(command)
        run = constellation.lab.cluster.run
        clock.start(f"a human consents: kubectl {' '.join(command)}")
        await asyncio.to_thread(run, *command)
        try:
            await constellation.until(
                ALL_SATELLITES,
                lambda found: phases(found)[held] is SatellitePhase.LOST,
                within_s=15,
                what=f"{held} is Lost",
            )
            clock.saw(f"{held} is Lost")
        finally:
            annotation = f"{names.LOST_CONSENT_ANNOTATION}-"
            await asyncio.to_thread(run, "annotate", "sat", held, annotation)
    await _work_after_the_return(stage)


async def _work_after_the_return(stage: Stage) -> None:
    """Kubelets that have just returned know labels of their Nodes from before, and refuse Pods."""
    constellation = stage.constellation
    everywhere = {"replicas": len(SATELLITES)}
    async with (
        act(stage, "New work right after the return", None) as clock,
        history(constellation, pods_of(MODEL), refused_pods) as shown,
    ):
        clock.start("links restored, and a model for all three applied at once")
        for name in SILENT:
            await constellation.restore(name)
        model = resources.model(stage, stage.artifacts.stable, placement=everywhere)
        await constellation.apply(model)
        await constellation.until(
            pods_of(MODEL),
            lambda found: active_on(found) == set(SATELLITES),
            # What comes anew waits until what was on board is Ready again.
            within_s=180,
            what="it serves on all three",
        )
        clock.saw("it serves on all three")
        await constellation.until(
            pods_of(MODEL),
            lambda found: len(found) == len(SATELLITES),
            within_s=60,
            what="no Pod that was refused is left",
        )
        refused = frozenset[str]().union(*shown)
        clock.saw(f"{len(refused)} Pods had been refused, none is left")
        assert len(refused) <= FEW
