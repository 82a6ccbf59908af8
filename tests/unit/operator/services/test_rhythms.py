from datetime import timedelta

import pytest

from paper_fleet.intents import satellite_body
from paper_fleet.views import at, heartbeat, known, window
from perigee_api.heartbeat import Report
from perigee_operator.domain.fleet import HeartbeatView
from perigee_operator.domain.liveness.phi import heard, planned
from perigee_operator.domain.orbit.contacts import ALWAYS, UNKNOWN, Contacts
from perigee_operator.services.rhythms import RhythmBook
from perigee_operator.services.views.satellites import SatelliteRecord, satellite_record

PASSES = known([window(0, 100, guard_s=10), window(1000, 1100, guard_s=10)])


def record(status: dict[str, object] | None = None, uid: str = "u") -> SatelliteRecord:
    metadata = {"name": "sat-1", "uid": uid, "resourceVersion": "1"}
    item = {"metadata": metadata, "spec": satellite_body(), "status": status or {}}
    return satellite_record(item)


def beat(seconds: float, previous_s: float | None, **more: object) -> HeartbeatView:
    previous_at = None if previous_s is None else at(previous_s)
    return heartbeat(seconds, previous_at=previous_at, **more)


@pytest.mark.parametrize(
    ("contacts", "previous_s", "arrived_s", "interval_s"),
    [
        (ALWAYS, 0, 12, 12),
        (PASSES, 20, 30, 10),
        # From one pass to the next only sure contact counts.
        (PASSES, 80, 1015, 15),
        # Within the guards nothing is learnt, and nothing where nothing is known.
        (PASSES, 1, 9, None),
        (UNKNOWN, 20, 30, None),
        (PASSES, None, 30, None),
    ],
)
def test_an_interval_is_learnt_in_seconds_of_contact(
    contacts: Contacts, previous_s: float | None, arrived_s: float, interval_s: float | None
) -> None:
    found = RhythmBook().of(record(), beat(arrived_s, previous_s), contacts)
    assert found == (planned(10) if interval_s is None else heard(planned(10), interval_s))


def test_each_heartbeat_is_learnt_from_once() -> None:
    book = RhythmBook()
    once = book.of(record(), beat(12, 0), ALWAYS)
    assert book.of(record(), beat(12, 0), ALWAYS) == once
    assert book.of(record(), beat(24, 12), ALWAYS) == heard(once, 12)
    book.keep(())
    assert book.of(record(), None, ALWAYS) == planned(10)


def test_what_the_status_says_is_gone_on_with() -> None:
    rhythm = {"interval": 10.0, "mean": 14.0, "deviation": 3.0, "samples": 40}
    found = RhythmBook().of(record({"rhythm": rhythm}), None, ALWAYS)
    assert (found.mean_s, found.deviation_s, found.samples) == (14, 3, 40)
    other = RhythmBook().of(record({"rhythm": rhythm | {"interval": 30.0}}), None, ALWAYS)
    assert other == planned(10)


def test_a_new_interval_begins_anew() -> None:
    book = RhythmBook()
    book.of(record(), beat(12, 0), ALWAYS)
    slow = beat(24, 12, report=Report(sequence=2, heartbeat_interval_s=30))
    assert book.of(record(), slow, ALWAYS) == heard(planned(30), 12)
    assert slow.arrived_at - at(12) == timedelta(seconds=12)
