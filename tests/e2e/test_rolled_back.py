"""A satellite in the dark goes back by itself; the ground hears of it at the next contact."""

import asyncio
import os
import signal
import time

from perigee_api.inference_model import ModelPhase
from perigee_demo.story.journal import Entry
from perigee_demo.story.manifests import MODEL
from perigee_demo.story.stage import ALL_MODELS, act
from perigee_demo.story.views import model_status
from perigee_lab.lab import Lab
from real_fleet import resources
from real_fleet.base import Served
from real_fleet.on_board import Calls, calling
from real_fleet.programs import resident_mib, servers_of, the_program
from real_fleet.views import containers, on, pods_of, status_of

PATIENT_S = 900
SUPERVISOR = "perigee-edge serve"
CRASHES = 3
SUPERVISOR_MIB = 25


async def test_a_dark_satellite_goes_back_and_the_ground_hears_of_it(served: Served) -> None:
    stage, victim, first = served.stage, served.victim, served.revision
    constellation, lab = stage.constellation, stage.constellation.lab
    golden = stage.artifacts.golden.path
    at_once = {"steps": [], "deadline": 300}
    patient = [resources.satellite(name, lost_after_s=PATIENT_S) for name in resources.SATELLITES]
    await constellation.apply(*patient)
    async with (
        act(stage, "Gone back in the dark", None) as clock,
        calling(constellation, victim, MODEL, golden) as calls,
    ):
        await constellation.apply(
            resources.model(stage, stage.artifacts.quantised, rollout=at_once)
        )
        models = await constellation.until(
            ALL_MODELS,
            lambda found: (
                status_of(found, MODEL).phase is ModelPhase.HEALTHY
                and status_of(found, MODEL).stable_revision != first
            ),
            within_s=180,
            what="the second revision is promoted",
        )
        second = model_status(models).stable_revision or ""
        await calls.until_answered_by(second)
        pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
        before = containers(on(pods, victim))

        await constellation.cut(victim)
        clock.start(f"{victim} is dark; its server crashes {CRASHES} times")
        killed = [await crashed(lab, victim, calls, second) for _ in range(CRASHES)]
        await calls.until_answered_by(first)
        first_answer = next(c for c in calls.made if c.at > killed[-1] and c.revision == first)
        clock.saw(f"{first} answers on board, of {victim} alone")
        supervisor = await asyncio.to_thread(the_program, lab, victim, SUPERVISOR)
        text = (
            f"asked {first_answer.at - killed[-1]:.1f} s after the last crash it answered; the "
            f"supervisor has {resident_mib(supervisor):.0f} MiB"
        )
        stage.journal.write(Entry("Gone back in the dark", text))
        assert resident_mib(supervisor) < SUPERVISOR_MIB

        clock.start("link restored")
        await constellation.restore(victim)
        models = await constellation.until(
            ALL_MODELS,
            lambda found: status_of(found, MODEL).message.startswith("RolledBackOnBoard"),
            within_s=60,
            what="the ground hears that the board went back",
        )
        clock.saw("the ground knows")
        status = status_of(models, MODEL)
        assert status.phase is ModelPhase.DEGRADED
        assert f"Revision {second} on {victim} went back to {first} on board" in status.message
        assert "CrashLoop" in status.message
        pods = await constellation.until(pods_of(MODEL), bool, within_s=10, what="Pods")
        assert containers(on(pods, victim)) == before, "the same container all the while"
        assert "RolledBackOnBoard" in {entry.reason for entry in status.history}
        await calls.until_answered_by(first)
    # Nobody but who was connected to the server that died.
    failed = calls.since_first_answer().failed
    assert len(failed) <= CRASHES, failed
    assert all(any(abs(call.at - at) < 2 for at in killed) for call in failed), (failed, killed)
    assert calls.revisions == [first, second, first]


async def crashed(lab: Lab, node: str, calls: Calls, revision: str) -> float:
    """Ends the server that answers, once it does; when that was."""
    await calls.until_answered_by(revision)
    (server,) = await asyncio.to_thread(servers_of, lab, node, revision)
    os.kill(server, signal.SIGKILL)
    return time.time()
