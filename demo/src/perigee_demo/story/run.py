"""The whole story, from an empty machine to the summary."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from perigee_demo.artifacts.files import make_artifacts
from perigee_demo.checkout import CHECKOUT
from perigee_demo.cluster import Cluster
from perigee_demo.story.acts import darkness
from perigee_demo.story.acts.first_light import model_serves, scene_masked, spare_joins
from perigee_demo.story.acts.loss import lost_satellites_work_moves
from perigee_demo.story.acts.rollouts import damaged_revision_is_caught, good_revision_is_promoted
from perigee_demo.story.constellation import Constellation
from perigee_demo.story.installation import install
from perigee_demo.story.journal import Entry, Journal, PromiseBrokenError
from perigee_demo.story.screen import Screen
from perigee_demo.story.stage import Stage, act
from perigee_demo.story.summary import print_summary
from perigee_demo.story.traffic_process import Counts, TrafficProcess
from perigee_lab.lab import Lab
from perigee_lab.progress import OnConsole
from perigee_lab.wanted import Request

SATELLITES: Final = 3
RATE_HZ: Final = 3.0
PICTURE: Final = CHECKOUT / "demo" / "cloud-mask.png"
TIMELINE: Final = CHECKOUT / "demo" / "contact-timeline.svg"


async def tell(console: Console, lab: Lab) -> bool:
    """Brings everything up and plays all acts.

    Returns:
        Whether everything that was promised happened.

    Raises:
        LabError: the lab cannot be had.
        InstallationError: Perigee cannot be installed in it.
    """
    with OnConsole(console).spinning() as report:
        report.now("the network's variants and its golden set")
        artifacts = make_artifacts()
        report.step("artifacts made")
        lab.up(Request(satellites=SATELLITES))
        depot = install(lab, artifacts, report)
    now = partial(datetime.now, UTC)
    screen = Screen(console, now)
    journal = Journal(screen.write)
    async with Cluster.connect(lab.kubeconfig) as cluster:
        stage = Stage(Constellation(lab, cluster), artifacts, depot, journal, now)
        async with screen.live(cluster):
            counts = await _acts(stage, screen, PICTURE)
    print_summary(console, journal.entries, counts)
    return journal.kept


async def _acts(stage: Stage, screen: Screen, picture: Path) -> Counts:
    """All acts in their order, up to the first promise that is broken.

    Returns:
        The counts of requests at the end.
    """
    traffic = None
    try:
        await model_serves(stage)
        await spare_joins(stage)
        await scene_masked(stage, picture)
        lab, golden = stage.constellation.lab, stage.artifacts.golden.path
        async with TrafficProcess.start(lab, golden, rate_hz=RATE_HZ) as traffic:
            screen.watch(traffic)
            await darkness.dark_satellite_keeps_its_work(stage, traffic)
            screen.save(darkness.TITLE, TIMELINE)
            await lost_satellites_work_moves(stage, traffic)
            revision = await good_revision_is_promoted(stage, traffic)
            await damaged_revision_is_caught(stage, traffic, revision)
        async with act(stage, "All requests", traffic):
            pass  # the last of them were under way when the last act ended
    except PromiseBrokenError as error:
        if stage.journal.kept:  # else the act in which it broke has written it down
            stage.journal.write(Entry("The client", str(error), kept=False))
    return {} if traffic is None else traffic.counts
