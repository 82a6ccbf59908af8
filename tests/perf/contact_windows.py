"""What contact windows cost: a constellation, its stations, a day.

Prints figures and asserts none: they hold for the machine and the minute they were taken on. Bare
propagation of the same satellites on the same grid of times is what they are compared with. All of
it runs on one core.

    python tests/perf/contact_windows.py
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

# Read by numpy when it is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import typer
from sgp4.api import SatrecArray

from perigee_api.ground_station import GroundStationSpec
from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.prediction import predicted
from perigee_operator.domain.orbit.sgp4_record import record
from perigee_operator.domain.orbit.station import Station
from perigee_operator.domain.orbit.track import STEP_S, UNIX_JULIAN

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SATELLITES, PLANES = 1000, 20
BATCH = 20
HORIZON = [{"azimuth": azimuth, "elevation": 2 + azimuth % 7} for azimuth in range(0, 360, 10)]


def constellation() -> list[Elements]:
    """A Walker constellation, 53 degrees, about 550 km."""
    each = SATELLITES // PLANES
    return [
        Elements(
            number=number + 1,
            epoch=EPOCH,
            inclination_deg=53.0,
            node_deg=360.0 * (number // each) / PLANES,
            eccentricity=0.0001,
            perigee_deg=0.0,
            anomaly_deg=(360.0 * (number % each) / each + 18.0 * (number // each)) % 360,
            mean_motion=15.06,
            bstar=1e-5,
        )
        for number in range(SATELLITES)
    ]


def stations(**more: object) -> list[Station]:
    """Ten of them, all around the earth."""
    return [
        Station(
            f"station-{number}",
            GroundStationSpec.model_validate(
                {
                    "place": {"latitude": -65 + 14 * number, "longitude": -170 + 36 * number},
                    **more,
                }
            ),
        )
        for number in range(10)
    ]


def propagated(elements: list[Elements]) -> int:
    """Positions alone."""
    times = np.arange(0, DAY.total_seconds(), STEP_S) + EPOCH.timestamp()
    days = np.floor(times / 86_400)
    for first in range(0, len(elements), BATCH):
        records = [record(each) for each in elements[first : first + BATCH]]
        SatrecArray(records).sgp4(days + UNIX_JULIAN, times / 86_400 - days)
    return 0


def windows(elements: list[Elements], seen_from: list[Station]) -> int:
    """All that the operator keeps; how many there are."""
    return sum(
        len(contacts.windows)
        for first in range(0, len(elements), BATCH)
        for contacts in predicted(elements[first : first + BATCH], seen_from, EPOCH, EPOCH + DAY)
    )


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds of the processor, the best of three, and what came of it."""
    took = []
    for _ in range(3):
        started = time.process_time()
        result = work()
        took.append(time.process_time() - started)
    return min(took), result


def main() -> None:
    elements = constellation()
    typer.echo(f"{SATELLITES} satellites, 10 stations, 24 hours, one core")
    typer.echo(f"{'':36}{'windows':>10}{'s':>10}{'ratio':>10}")
    baseline_s, _ = timed(lambda: propagated(elements))
    typer.echo(f"{'bare propagation, each minute':36}{'':>10}{baseline_s:10.2f}{1:10.2f}")
    for title, seen_from in (
        ("windows, mask of 5 degrees", stations()),
        ("windows, mask and horizon", stations(horizon=HORIZON)),
    ):
        took_s, count = timed(lambda seen_from=seen_from: windows(elements, seen_from))  # type: ignore[misc]
        typer.echo(f"{title:36}{count:10}{took_s:10.2f}{took_s / baseline_s:10.2f}")


if __name__ == "__main__":
    main()
