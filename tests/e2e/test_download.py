"""An artifact over a narrow link that breaks: fetched on from where it broke."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from perigee_api import names
from perigee_api.heartbeat import ArtifactState, Report
from perigee_demo.artifacts.depot import place
from perigee_demo.artifacts.files import ArtifactFile
from perigee_demo.cluster import Objects
from perigee_demo.story.constellation import Collection
from perigee_demo.story.stage import Stage, act
from perigee_lab import commands, waiting
from perigee_lab.lab import Lab
from real_fleet import base, resources
from real_fleet.views import named

NAME = "narrow"
SATELLITE = "sat-3"
KBIT_S = 2000
SIZE = 3_000_000
CUT_AT = SIZE // 3
PATIENT_S = 120
LEASES = Collection(f"/apis/coordination.k8s.io/v1/namespaces/{names.HEARTBEAT_NAMESPACE}/leases")


@pytest.fixture
def noise(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArtifactFile]:
    """A file that no satellite has. No model, but that shows only once it is on board."""
    path = tmp_path_factory.mktemp("artifacts") / "noise.onnx"
    path.write_bytes(os.urandom(SIZE))
    file = ArtifactFile.of(path)
    place([file], lab.depot_directory)
    yield file
    (lab.depot_directory / path.name).unlink()


@pytest_asyncio.fixture
async def narrow(fleet: Stage) -> AsyncIterator[Stage]:
    """A satellite behind a link of `KBIT_S` that is given time to return."""
    patient = resources.satellite(SATELLITE, lost_after_s=PATIENT_S)
    await fleet.constellation.apply(patient)
    await asyncio.to_thread(fleet.constellation.lab.shape, SATELLITE, KBIT_S)
    yield fleet
    await base.nothing_is_left_of(fleet, NAME)


async def test_a_broken_download_goes_on_where_it_broke(narrow: Stage, noise: ArtifactFile) -> None:
    stage, constellation = narrow, narrow.constellation
    lab = constellation.lab
    hostname = {"kubernetes.io/hostname": SATELLITE}
    model = resources.model(
        stage, noise, name=NAME, placement={"replicas": 1, "nodeSelector": hostname}
    )
    carried = received_bytes(lab)
    async with act(stage, "A link breaks in mid-download", None) as clock:
        clock.start(f"a model of {SIZE / 1e6:.0f} MB applied, over {KBIT_S} kbit/s")
        await constellation.apply(model)
        leases = await constellation.until(
            LEASES,
            lambda found: fetched(found, noise) >= CUT_AT,
            within_s=60,
            what=f"{CUT_AT} bytes have come",
        )
        assert state(leases, noise) is ArtifactState.FETCHING
        clock.saw(f"{fetched(leases, noise)} bytes have come")
        clock.start("link cut")
        await constellation.cut(SATELLITE)
        await asyncio.to_thread(
            waiting.until,
            lambda: "artifact_interrupted" in agent_log(lab, noise),
            within_s=60,
            what="the agent to give the connection up",
        )
        clock.saw("the agent has given the connection up")
        partial = await asyncio.to_thread(partial_bytes, lab, noise)
        assert CUT_AT <= partial < SIZE
        clock.start("link restored")
        await constellation.restore(SATELLITE)
        await constellation.until(
            LEASES,
            lambda found: state(found, noise) is ArtifactState.VERIFIED,
            within_s=90,
            what="the artifact is on board, verified",
        )
        clock.saw("the artifact is on board, verified")
        extra = received_bytes(lab) - carried - SIZE
        clock.saw(f"the link carried {extra} bytes beside it; {partial} had come before the cut")
        assert extra < partial / 2, "nothing was fetched twice"


def report(leases: Objects) -> Report:
    lease = named(leases, SATELLITE) or {"metadata": {}}
    text = lease["metadata"].get("annotations", {}).get(names.REPORT_ANNOTATION)
    return Report.model_validate_json(text) if text else Report(sequence=0)


def fetched(leases: Objects, file: ArtifactFile) -> int:
    held = report(leases).artifacts.get(file.sha256)
    return held.fetched_bytes if held else 0


def state(leases: Objects, file: ArtifactFile) -> ArtifactState | None:
    held = report(leases).artifacts.get(file.sha256)
    return held.state if held else None


def partial_bytes(lab: Lab, file: ArtifactFile) -> int:
    """As the satellite itself has it."""
    path = lab.perigee_directory(SATELLITE) / "artifacts" / ".partial" / file.sha256
    return path.stat().st_size


def received_bytes(lab: Lab) -> int:
    """What the satellite's end of the link has received, retransmissions included."""
    show = ["ip", "-json", "-statistics", "link", "show", "eth0"]
    (link,) = json.loads(commands.run(lab.in_network(SATELLITE, show)))
    return int(link["stats64"]["rx"]["bytes"])


def agent_log(lab: Lab, file: ArtifactFile) -> str:
    """What the agents on board have said of a file; read there, since no link is needed."""
    logs = lab.layout.log(SATELLITE).glob("pods/*_perigee-agent-*/agent/*.log")
    lines = (line for log in logs for line in log.read_text(errors="replace").splitlines())
    return "\n".join(line for line in lines if file.sha256 in line)
