"""A satellite is lost for good: its work moves."""

from typing import Final

from perigee_api.satellite_node import SatellitePhase
from perigee_demo.story.acts.first_light import FIXED, PLANNED, SPARE
from perigee_demo.story.manifests import LIVENESS
from perigee_demo.story.stage import ALL_ENDPOINTS, ALL_SATELLITES, Stage, act
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import phases, serving

TITLE: Final = "A satellite is lost"


async def lost_satellites_work_moves(stage: Stage, traffic: TrafficProcess) -> None:
    """The power of a satellite in contact fails, and it never comes back.

    Raises:
        PromiseBrokenError: it was not found out, or its work did not move.
    """
    constellation = stage.constellation
    async with act(stage, TITLE, traffic) as clock:
        clock.start(f"power of {FIXED} fails, in contact")
        await constellation.crash(FIXED)
        await constellation.until(
            ALL_SATELLITES,
            lambda found: phases(found).get(FIXED) is SatellitePhase.LOST,
            within_s=LIVENESS["lostAfter"] + 30,
            what=f"{FIXED} is Lost",
        )
        clock.saw(f"{FIXED} is Lost")
        await constellation.until(
            ALL_ENDPOINTS,
            lambda found: serving(found) == {PLANNED, SPARE},
            within_s=120,
            what=f"the replacement on {SPARE} serves",
        )
        clock.saw(f"a replacement on {SPARE} passed its golden set and serves")
