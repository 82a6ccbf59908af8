"""A satellite sets and rises when a test says so: its contact plan and its link together."""

from datetime import timedelta
from typing import Final

from perigee_api.satellite_node import SatellitePhase
from perigee_demo.cluster import Objects
from perigee_demo.story.manifests import Window
from perigee_demo.story.stage import ALL_SATELLITES, Stage
from perigee_demo.story.views import phases
from real_fleet.resources import satellite
from real_fleet.views import satellite_status

SETS_IN: Final = timedelta(seconds=4)
LONG: Final = timedelta(hours=6)
PATIENT_S: Final = 900
"""Nobody who sets is to be lost."""


async def sets(stage: Stage, name: str) -> None:
    """It sets as planned, and is ExpectedDark; it would rise after many hours."""
    constellation, now = stage.constellation, stage.now()
    rises_at = now + LONG
    plan = (Window(now - timedelta(minutes=1), now + SETS_IN), Window(rises_at, rises_at + LONG))
    await constellation.apply(satellite(name, windows=plan, lost_after_s=PATIENT_S))
    await constellation.until(
        ALL_SATELLITES,
        lambda found: _contact_is_over(found, name, plan[1]),
        within_s=SETS_IN.seconds + 15,
        what=f"{name} has set",
    )
    await constellation.cut(name)
    await constellation.until(
        ALL_SATELLITES,
        lambda found: phases(found)[name] is SatellitePhase.EXPECTED_DARK,
        within_s=30,
        what=f"{name} is ExpectedDark",
    )


async def rises(stage: Stage, name: str) -> None:
    """It is always in contact from now on, and the operator has heard it."""
    constellation = stage.constellation
    # The link first: silence in contact would count.
    await constellation.restore(name)
    await constellation.apply(satellite(name, lost_after_s=PATIENT_S))
    await constellation.until(
        ALL_SATELLITES,
        lambda found: phases(found)[name] is SatellitePhase.IN_CONTACT,
        within_s=30,
        what=f"{name} is InContact",
    )


def _contact_is_over(satellites: Objects, name: str, following: Window) -> bool:
    found = satellite_status(satellites, name).next_contact
    return found is not None and found.start == following.start.replace(microsecond=0)
