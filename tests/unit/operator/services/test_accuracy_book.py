from collections.abc import Mapping

import pytest

from paper_fleet.intents import START, satellite_body
from paper_fleet.views import at, heartbeat, known, window
from perigee_operator.domain.fleet import HeartbeatView
from perigee_operator.domain.liveness.plan_accuracy import Offset, PlanAccuracy
from perigee_operator.services.accuracy_book import AccuracyBook
from perigee_operator.services.views.satellites import SatelliteRecord, satellite_record

PASSES = known(window(1000 * n, 1000 * n + 100, station="kiruna") for n in range(4))
FALSE = {"type": "ContactPlanAccurate", "status": "False", "reason": "HeardLate", "message": ""}


def record(status: Mapping[str, object] | None = None) -> SatelliteRecord:
    metadata = {"name": "sat-1", "uid": "u", "resourceVersion": "1"}
    item = {"metadata": metadata, "spec": satellite_body(), "status": dict(status or {})}
    return satellite_record(item)


def beat(seconds: float, previous_s: float | None) -> HeartbeatView:
    return heartbeat(seconds, previous_at=None if previous_s is None else at(previous_s))


class Counted:
    """A book, and how many heartbeats it has counted."""

    def __init__(self) -> None:
        self.count = 0
        self.book = AccuracyBook(self._count)

    def _count(self) -> None:
        self.count += 1


def test_each_heartbeat_outside_is_counted_once() -> None:
    counted = Counted()
    for seconds in (150, 150, 160):
        found = counted.book.of(record(), beat(seconds, 90), PASSES)
    assert (found.accurate, found.outside, counted.count) == (False, 2, 2)
    counted.book.keep(())
    assert counted.book.of(record(), None, PASSES) == PlanAccuracy()


def test_what_an_operator_sees_first_was_counted_by_the_one_before() -> None:
    counted = Counted()
    assert counted.book.of(record(), beat(150, None), PASSES) == PlanAccuracy()
    assert counted.count == 0


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("False", PlanAccuracy(accurate=False, outside=7, worst=Offset(42, "kiruna"))),
        ("True", PlanAccuracy(accurate=True)),
        ("Unknown", PlanAccuracy()),
    ],
)
def test_what_the_status_says_is_gone_on_with(status: str, found: PlanAccuracy) -> None:
    condition = FALSE | {"status": status, "lastTransitionTime": START.isoformat()}
    outside = {"count": 7, "offset": 42, "station": "kiruna"} if status == "False" else None
    said = {"conditions": [condition], "heardOutside": outside}
    assert Counted().book.of(record(said), None, PASSES) == found


def test_a_pass_that_a_restart_cut_in_two_proves_nothing() -> None:
    condition = FALSE | {"lastTransitionTime": START.isoformat()}
    said = {"conditions": [condition], "heardOutside": {"count": 7, "offset": 42}}
    book = Counted().book
    for seconds, previous_s in ((50, None), (60, 50), (1010, 60)):
        assert book.of(record(said), beat(seconds, previous_s), PASSES).accurate is False
    assert book.of(record(said), beat(2010, 1010), PASSES).accurate is True
