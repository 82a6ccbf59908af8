"""What a simulation is about: how large, how long, and what goes wrong."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from perigee_api.satellite_node import Liveness

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When every simulation begins. All its times are seconds from then on."""

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0

_DEFAULTS: Final = Liveness()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fleet, its ground, and what befalls them. The same scenario always plays the same.

    Deaths happen between `settled_days` and `days - judged_days`, so that every policy has a chance
    to find them.
    """

    satellites: int = 1_000
    """All members of the fleet, edge sites included."""
    stations: int = 10
    days: float = 30
    seed: int = 1
    sites_share: float = 0.02
    """Of the fleet: edge sites, which are always in contact."""

    altitude_km: float = 550
    inclination_deg: float = 97.6
    planes: int = 20
    """Evenly over half a turn, as orbits over the poles are arranged (a Walker star)."""

    elements_every_days: float = 3
    elements_late_share: float = 0.1
    """Of the times when elements were to come: they do not, and the old ones stay."""
    elements_delay_h: float = 6
    """Their age when they arrive."""
    error_at_epoch_km: float = 0.5
    """Standard deviation along the track."""
    error_growth_km_day: float = 1.5
    """Standard deviation: one set in twenty errs by more than the guard bands allow for."""

    link_up_s: tuple[float, float] = (1, 53)
    """From the rise of a satellite to its first heartbeat, evenly between the two: what was
    measured of Nodes in Perigee's lab."""
    clock_drift: float = 1e-4
    """Standard deviation of the satellites' clocks, in seconds a second: heartbeats come that much
    too often or too seldom. What the clocks show does not matter: arrival counts."""

    dead_share: float = 0.05
    """Of the fleet: those that die."""
    settled_days: float = 0.5
    judged_days: float = 1.5
    reboot_every_days: float = 10
    reboot_s: tuple[float, float] = (60, 300)
    """For so long a satellite that reboots is silent."""
    station_out_every_days: float = 10
    station_out_h: tuple[float, float] = (2, 12)
    ground_out_h: float = 3
    """Once, in the middle, nobody at all is heard for so long."""

    models: int = 20
    replicas: int = 10
    """Of each model."""
    copy_start_s: tuple[float, float] = (10, 39)
    """From the first contact of a copy's satellite until the copy serves: measured in the lab."""
    fetch_h: float = 1
    """From when a satellite hears that it is to keep an artifact in readiness until it has it: the
    pass is over by then. Only Perigee keeps any."""

    heartbeat_s: float = _DEFAULTS.heartbeat_interval
    lost_after_s: float = _DEFAULTS.lost_after
    phi_threshold: float = _DEFAULTS.phi_threshold
    missed_passes: int = _DEFAULTS.missed_passes
    loss_budget_percent: float = 25
    look_every_s: float = 5
    """Whatever happens between two looks of Perigee is seen at the second."""

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.days * DAY_S

    @property
    def sites(self) -> int:
        """How many of the fleet are always in contact."""
        return round(self.satellites * self.sites_share)

    @property
    def in_orbit(self) -> int:
        """How many of the fleet are not."""
        return self.satellites - self.sites
