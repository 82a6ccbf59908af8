"""How many satellites may be declared Lost: never the whole fleet at once.

Whatever silences many satellites together is more likely on the ground than in orbit.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.liveness.phase import Assessment

BUDGET_PERIOD = timedelta(hours=1)
OUT_OF_SERVICE = frozenset({SatellitePhase.PENDING, SatellitePhase.MAINTENANCE})
"""Their silence is not counted."""


def losses_allowed(fleet_size: int, budget_percent: float) -> int:
    """Satellites that may become Lost within an hour: one at least."""
    return max(1, math.floor(fleet_size * budget_percent / 100))


def fleet_size(satellites: Iterable[SatelliteView]) -> int:
    """How many satellites are in service, and so can be lost or have been."""
    return sum(map(is_in_service, satellites))


def over_budget(
    satellites: Mapping[str, SatelliteView],
    losses: Mapping[str, Assessment],
    budget_percent: float,
    now: datetime,
) -> frozenset[str]:
    """Names of those among new losses that exceed the budget, and so wait for a human.

    Those silent for longest are declared first. A human's consent counts for its satellite alone
    and takes nothing from the budget.
    """
    recent = sum(_lost_recently(s, now) for s in satellites.values())
    left = max(0, losses_allowed(fleet_size(satellites.values()), budget_percent) - recent)

    def rank(name: str) -> tuple[bool, datetime, str]:
        since = losses[name].silent_since
        return (since is not None, since or now, name)

    return frozenset(sorted(losses, key=rank)[left:])


def is_in_service(satellite: SatelliteView) -> bool:
    """Whether its silence means anything."""
    if satellite.spec is not None and satellite.spec.decommissioned:
        return False
    return satellite.status.phase not in OUT_OF_SERVICE


def _lost_recently(satellite: SatelliteView, now: datetime) -> bool:
    lost_at = satellite.status.last_lost_time
    return (
        lost_at is not None and now - lost_at < BUDGET_PERIOD and not satellite.last_loss_consented
    )
