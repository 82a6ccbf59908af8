"""From renewed Leases to signs of life."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api import names
from perigee_api.heartbeat import MAX_REPORT_BYTES, Report
from perigee_operator.domain.liveness.unbroken import Run
from perigee_operator.storage.cache import Change, Origin
from perigee_operator.storage.heartbeats import HeartbeatFeed, parse_report, parse_time

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def feed(clock: Clock) -> HeartbeatFeed:
    return HeartbeatFeed(clock)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def lease(
    *,
    renewed: datetime | None = START,
    report: str | None = '{"sequence":1}',
    written: datetime | None = None,
    assignment: str | None = None,
    uid: str = "u1",
) -> dict[str, Any]:
    annotations = {names.REPORT_ANNOTATION: report, names.ASSIGNMENT_ANNOTATION: assignment}
    metadata: dict[str, Any] = {
        "name": "sat-1",
        "uid": uid,
        "annotations": {key: value for key, value in annotations.items() if value is not None},
    }
    if written is not None:
        renewal: dict[str, Any] = {"f:spec": {"f:renewTime": {}}}
        metadata["managedFields"] = [
            {"manager": "agent", "time": written.isoformat(), "fieldsV1": renewal},
            {"manager": "perigee", "time": at(9999).isoformat(), "fieldsV1": {"f:metadata": {}}},
        ]
    spec = {} if renewed is None else {"renewTime": renewed.isoformat()}
    return {"metadata": metadata, "spec": spec}


def streamed(item: dict[str, Any]) -> Change:
    return Change(item, Origin.STREAMED)


def listed(item: dict[str, Any]) -> Change:
    return Change(item, Origin.LISTED)


def test_a_renewal_arrives_when_the_watch_shows_it(feed: HeartbeatFeed, clock: Clock) -> None:
    clock.advance(3)
    assert feed.take_agent_lease(streamed(lease(renewed=at(1), assignment="{}")))
    heartbeat = feed.heartbeats["sat-1"]
    assert heartbeat.arrived_at == at(3)
    assert heartbeat.renewed_at == at(1)
    assert heartbeat.report == Report(sequence=1)
    assert heartbeat.report_error is None
    assert heartbeat.assignment_json == "{}"


@pytest.mark.parametrize(
    "second", [lease(renewed=at(10)), lease(report='{"sequence":2}'), lease(uid="u2")]
)
def test_what_a_satellite_changes_is_a_sign_of_life(
    feed: HeartbeatFeed, clock: Clock, second: dict[str, Any]
) -> None:
    feed.take_agent_lease(streamed(lease()))
    clock.advance(10)
    assert feed.take_agent_lease(streamed(second))
    assert feed.heartbeats["sat-1"].arrived_at == at(10)


@pytest.mark.parametrize("origin", [Origin.STREAMED, Origin.LISTED])
@pytest.mark.parametrize("days_off", [-400, -3, 3, 400])
def test_the_satellites_own_clock_is_shown_and_moves_no_arrival(
    feed: HeartbeatFeed, clock: Clock, origin: Origin, days_off: float
) -> None:
    for beat in (0, 10, 20):
        renewed = at(beat) + timedelta(days=days_off)
        feed.take_agent_lease(Change(lease(renewed=renewed, written=at(beat)), origin))
        found = feed.heartbeats["sat-1"]
        assert (found.arrived_at, found.renewed_at) == (at(beat), renewed)
        clock.advance(10)


def test_a_clock_that_stands_still_is_no_silence(feed: HeartbeatFeed, clock: Clock) -> None:
    for sequence in (1, 2, 3):
        clock.advance(10)
        feed.take_agent_lease(streamed(lease(report=f'{{"sequence":{sequence}}}')))
        assert feed.heartbeats["sat-1"].arrived_at == clock.now


def test_what_the_ground_changes_is_none(feed: HeartbeatFeed, clock: Clock) -> None:
    feed.take_agent_lease(streamed(lease()))
    before = feed.heartbeats["sat-1"]
    clock.advance(10)
    assert feed.take_agent_lease(streamed(lease(assignment='{"epoch":2}')))
    assert feed.heartbeats["sat-1"] == replace(before, assignment_json='{"epoch":2}')
    assert not feed.take_agent_lease(streamed(lease(assignment='{"epoch":2}')))


def test_a_lease_never_renewed_is_no_sign_of_life(feed: HeartbeatFeed) -> None:
    unborn = lease(renewed=None, report=None, assignment="{}")
    assert not feed.take_agent_lease(streamed(unborn))
    assert feed.heartbeats == {}


def test_a_deleted_lease_is_forgotten(feed: HeartbeatFeed) -> None:
    feed.take_agent_lease(streamed(lease()))
    gone = replace(streamed(lease()), removed=True)
    assert feed.take_agent_lease(gone)
    assert feed.heartbeats == {}
    assert not feed.take_agent_lease(gone)


@pytest.mark.parametrize("origin", [Origin.LISTED, Origin.ANSWERED])
@pytest.mark.parametrize(
    ("written", "arrived"),
    [
        (at(-600), at(-600)),
        (at(0), at(0)),
        (at(5), at(0)),
        (None, at(0)),
    ],
)
def test_what_was_there_before_arrived_when_the_server_took_it(
    feed: HeartbeatFeed, origin: Origin, written: datetime | None, arrived: datetime
) -> None:
    item = lease(renewed=at(-700), written=written)
    feed.take_agent_lease(Change(item, origin))
    feed.take_kubelet_lease(Change(item, origin))
    assert feed.heartbeats["sat-1"].arrived_at == arrived
    assert feed.kubelet_arrivals == {"sat-1": arrived}


def test_a_renewal_missed_in_a_gap_is_not_older_than_the_one_before(
    feed: HeartbeatFeed, clock: Clock
) -> None:
    clock.advance(0.9)
    feed.take_agent_lease(streamed(lease()))
    clock.advance(60)
    feed.take_agent_lease(listed(lease(renewed=at(0.95), written=at(0))))
    assert feed.heartbeats["sat-1"].arrived_at == at(0.9)


def test_a_listing_that_shows_nothing_new_is_no_sign_of_life(
    feed: HeartbeatFeed, clock: Clock
) -> None:
    feed.take_agent_lease(streamed(lease(written=at(0))))
    clock.advance(60)
    assert not feed.take_agent_lease(listed(lease(written=at(0))))
    assert feed.heartbeats["sat-1"].arrived_at == at(0)


def test_agent_and_kubelet_are_heard_together_until_a_long_pause(
    feed: HeartbeatFeed, clock: Clock
) -> None:
    assert "sat-1" not in feed.runs
    feed.take_agent_lease(streamed(lease()))
    clock.advance(20)
    feed.take_kubelet_lease(streamed(lease(report=None, renewed=at(20))))
    assert feed.runs["sat-1"] == Run(at(0), at(20), at(0))
    clock.advance(60)
    feed.take_agent_lease(streamed(lease(renewed=at(80))))
    assert feed.runs["sat-1"] == Run(at(0), at(80), at(80))
    clock.advance(61)
    feed.take_agent_lease(streamed(lease(renewed=at(141))))
    assert feed.runs["sat-1"] == Run.begun(at(141))
    feed.take_agent_lease(replace(streamed(lease()), removed=True))
    assert "sat-1" not in feed.runs


def test_a_kubelet_that_was_listed_before_the_agent_counts(
    feed: HeartbeatFeed, clock: Clock
) -> None:
    clock.advance(200)
    feed.take_kubelet_lease(listed(lease(report=None, written=at(200))))
    feed.take_agent_lease(listed(lease(written=at(0))))
    assert feed.runs["sat-1"] == Run.begun(at(200))


def test_kubelets_are_heard_of_apart(feed: HeartbeatFeed, clock: Clock) -> None:
    feed.take_kubelet_lease(streamed(lease(report=None)))
    clock.advance(10)
    feed.take_kubelet_lease(streamed(lease(report=None)))
    assert feed.kubelet_arrivals == {"sat-1": at(0)}
    feed.take_kubelet_lease(streamed(lease(report=None, renewed=at(10))))
    assert feed.kubelet_arrivals == {"sat-1": at(10)}
    assert feed.heartbeats == {}
    feed.take_kubelet_lease(replace(streamed(lease()), removed=True))
    assert feed.kubelet_arrivals == {}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ("null", "the report: Input should be an object"),
        ("{}", "sequence: Field required"),
        ('{"sequence":-1}', "sequence: Input should be greater than or equal to 0"),
        ('{"sequence":1,"artifacts":{"x":{"state":"Verified"}}}', "artifacts.x"),
        ('{"sequence":1,"served":[{"pod":"p"}]}', "served.0.revision: Field required"),
        (" " * (MAX_REPORT_BYTES + 1), f"the report has {MAX_REPORT_BYTES + 1} bytes"),
        ("é" * (MAX_REPORT_BYTES // 2 + 1), f"the report has {MAX_REPORT_BYTES + 2} bytes"),
    ],
)
def test_a_bad_report_is_kept_out_and_says_why(feed: HeartbeatFeed, text: str, error: str) -> None:
    feed.take_agent_lease(streamed(lease(report=text)))
    heartbeat = feed.heartbeats["sat-1"]
    assert heartbeat.report is None
    assert error in (heartbeat.report_error or "")
    assert heartbeat.arrived_at == START, "a bad report is a sign of life all the same"


def test_a_report_as_large_as_allowed_is_read() -> None:
    text = '{"sequence":7}'
    padded = text + " " * (MAX_REPORT_BYTES - len(text))
    assert parse_report(padded) == (Report(sequence=7), None)


def test_what_was_counted_is_read_and_an_agent_from_before_counts_nothing() -> None:
    counts = '{"errors":1,"latency":{"40":7,"41":2}}'
    about = '"pod":"p","revision":"r","run":"1","sequence":3,"ageS":5,"lastedS":480'
    before = f'{{"revision":"q","counts":{counts}}}'
    block = f'{{{about},"counts":{counts},"before":{before}}}'
    report, error = parse_report(f'{{"sequence":7,"served":[{block}]}}')
    assert error is None
    assert report is not None
    (served,) = report.served or ()
    assert (served.age_s, served.counts.requests) == (5, 10)
    assert served.before is not None
    assert served.before.counts == served.counts
    assert Report(sequence=7).served is None


@given(st.text(max_size=200))
def test_no_report_and_no_time_brings_the_ground_down(text: str) -> None:
    report, error = parse_report(text)
    assert (report is None) is (error is not None)
    parse_time(text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-01T12:00:00.000000Z", START),
        ("2026-03-01T12:00:00Z", START),
        ("2026-03-01T14:00:00+02:00", START),
        ("2026-03-01T12:00:00", None),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_times(text: object, time: datetime | None) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize(
    "odd",
    [
        {"spec": [1]},
        {"spec": {"renewTime": 7}},
        {"spec": {"renewTime": "0001-01-01T00:00:00+23:00"}},
        {"spec": {"renewTime": "soon"}, "metadata": {"annotations": [1]}},
        {"metadata": {"annotations": {names.REPORT_ANNOTATION: {}}}},
        {
            "spec": {"renewTime": "soon"},
            "metadata": {"managedFields": [1, {"fieldsV1": [1], "time": 3}]},
        },
        {"spec": {"renewTime": "soon"}, "metadata": {"managedFields": {}}},
    ],
)
def test_an_odd_lease_stops_nobody(feed: HeartbeatFeed, odd: dict[str, Any]) -> None:
    metadata = {"name": "sat-9", "uid": "u9", "resourceVersion": "1", **odd.get("metadata", {})}
    for change in (streamed({**odd, "metadata": metadata}), listed({**odd, "metadata": metadata})):
        feed.take_agent_lease(change)
        feed.take_kubelet_lease(change)
    assert all(heard.report is None for heard in feed.heartbeats.values())


def heard(
    feed: HeartbeatFeed, clock: Clock, seconds: float, node: str, *, kubelet: bool = False
) -> None:
    """A sign of life of a Node, so many seconds after `START`."""
    clock.now = at(seconds)
    item = lease(renewed=clock.now)
    item["metadata"]["name"] = node
    change = Change(item, Origin.STREAMED)
    if kubelet:
        feed.take_kubelet_lease(change)
    else:
        feed.take_agent_lease(change)


def test_the_ground_hears_for_as_long_as_somebody_or_other_is_heard(
    feed: HeartbeatFeed, clock: Clock
) -> None:
    assert (feed.heard_since, feed.heard_until) == (None, None)
    heard(feed, clock, 0, "a")
    heard(feed, clock, 10, "b")
    heard(feed, clock, 25, "a", kubelet=True)
    assert (feed.heard_since, feed.heard_until) == (at(0), at(25))
    heard(feed, clock, 40.1, "b")
    assert (feed.heard_since, feed.heard_until) == (at(40.1), at(40.1))


def test_a_node_without_an_agent_proves_nothing(feed: HeartbeatFeed, clock: Clock) -> None:
    heard(feed, clock, 0, "ground", kubelet=True)
    assert feed.heard_until is None


def test_the_heartbeat_before_is_remembered(feed: HeartbeatFeed, clock: Clock) -> None:
    heard(feed, clock, 0, "a")
    assert feed.heartbeats["a"].previous_at is None
    heard(feed, clock, 10, "a")
    heard(feed, clock, 21, "a")
    assert feed.heartbeats["a"].previous_at == at(10)
