"""How many satellites come back at once: after an outage of a station, hundreds would.

Each return is a row of writes and of copies that end elsewhere. What is recorded says who has come
back of late, so that a restart forgets nothing.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from perigee_api.satellite_node import SatelliteNodeStatus
from perigee_operator.domain.fleet import SatelliteView

PERIOD: Final = timedelta(seconds=10)
AT_ONCE: Final = 50
"""Satellites that may come back within the period."""


def held_returns(
    satellites: Mapping[str, SatelliteView], returning: Collection[str], now: datetime
) -> frozenset[str]:
    """Names of those that are heard again and wait for their turn: lost first, back first.

    Args:
        satellites: the whole fleet, by name.
        returning: names of those that are recorded as Lost and have been heard since.
        now: the moment.
    """
    recent = sum(_is_back_of_late(view.status, now) for view in satellites.values())
    left = max(0, AT_ONCE - recent)

    def rank(name: str) -> tuple[datetime, str]:
        return satellites[name].status.last_lost_time or now, name

    return frozenset(sorted(returning, key=rank)[left:])


def _is_back_of_late(status: SatelliteNodeStatus, now: datetime) -> bool:
    return status.last_lost_time is not None and any(
        condition.type == "Ready"
        and condition.status == "True"
        and now - condition.last_transition_time < PERIOD
        for condition in status.conditions
    )
