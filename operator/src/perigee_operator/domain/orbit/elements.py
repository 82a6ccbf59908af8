"""Mean elements of an orbit, however they were written down, and what can be wrong with them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from perigee_api.orbit import Orbit, OrbitMeanElements, TwoLineElements
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.tle import TleError, read_tle

EPOCH_AHEAD_LIMIT: Final = timedelta(days=30)
"""Element sets are published for the present; one dated further ahead is a mistake."""


@dataclass(frozen=True, slots=True)
class Elements:
    """Mean elements for SGP4, in the frame TEME."""

    number: int
    """In the catalogue; 0 if it has none."""
    epoch: datetime
    inclination_deg: float
    node_deg: float
    """Right ascension of the ascending node."""
    eccentricity: float
    perigee_deg: float
    """Argument of perigee."""
    anomaly_deg: float
    """Mean anomaly."""
    mean_motion: float
    """Revolutions a day, as Kozai defined it."""
    bstar: float
    """Drag term in 1/earth radii."""


def elements_of(orbit: Orbit, now: datetime) -> Elements | Verdict | None:
    """The elements of an orbit; what is wrong with them, for OrbitValid; None if it has none."""
    found: Elements | Verdict | None = None
    field = "spec.orbit"
    if orbit.omm is not None:
        field, found = "spec.orbit.omm.EPOCH", of_omm(orbit.omm)
    elif orbit.tle is not None:
        field, found = "spec.orbit.tle.line1", _of_tle(orbit.tle)
    if isinstance(found, Elements) and found.epoch > now + EPOCH_AHEAD_LIMIT:
        return Verdict(
            holds=False,
            reason="EpochAhead",
            message=f"{field} is dated {found.epoch:%Y-%m-%d}, over {EPOCH_AHEAD_LIMIT.days} days "
            "ahead.",
        )
    return found


def of_omm(omm: OrbitMeanElements) -> Elements:
    """The elements of an Orbit Mean-Elements Message."""
    return Elements(
        number=omm.norad_cat_id or 0,
        epoch=omm.epoch.astimezone(UTC),
        inclination_deg=omm.inclination,
        node_deg=omm.ra_of_asc_node,
        eccentricity=omm.eccentricity,
        perigee_deg=omm.arg_of_pericenter,
        anomaly_deg=omm.mean_anomaly,
        mean_motion=omm.mean_motion,
        bstar=omm.bstar,
    )


def of_tle(line1: str, line2: str) -> Elements:
    """The elements of two lines.

    Raises:
        TleError: damaged, or not of the format.
    """
    read = read_tle(line1, line2)
    return Elements(
        number=read.number,
        epoch=read.epoch,
        inclination_deg=read.inclination_deg,
        node_deg=read.node_deg,
        eccentricity=read.eccentricity,
        perigee_deg=read.perigee_deg,
        anomaly_deg=read.anomaly_deg,
        mean_motion=read.mean_motion,
        bstar=read.bstar,
    )


def _of_tle(tle: TwoLineElements) -> Elements | Verdict:
    try:
        return of_tle(tle.line1, tle.line2)
    except TleError as error:
        message = f"spec.orbit.tle.line{error.line} {error.fault}"
        return Verdict(holds=False, reason=error.reason, message=message)
