from perigee_demo.traffic.counters import FAILURES_KEPT, Counters, Outcome


def outcome(
    satellite: str | None = "sat-1", *errors: str, revision: str = "r1", correct: bool = True
) -> Outcome:
    return Outcome(satellite, revision if satellite else None, correct, 0.5, errors)


def test_every_request_is_counted_once() -> None:
    counters = Counters()
    counters.sent = 4
    for each in (
        outcome(),
        outcome("sat-2", "first try", revision="r2"),
        outcome("sat-2", correct=False),
        outcome(None, "first", "second", correct=False),
    ):
        counters.count(each)
    assert counters.snapshot() == {
        "sent": 4,
        "answered": 3,
        "failed": 1,
        "retried": 1,
        "wrong": 1,
        "heldBack": 0,
        "slowestS": 0.5,
        "byRevision": {"r1": 2, "r2": 1},
        "bySatellite": {"sat-1": 1, "sat-2": 2},
        "failures": ["first; then second"],
    }


def test_all_failures_are_counted_and_the_last_are_kept() -> None:
    counters = Counters()
    for number in range(FAILURES_KEPT + 5):
        counters.count(outcome(None, f"error {number}"))
    snapshot = counters.snapshot()
    assert snapshot["failed"] == FAILURES_KEPT + 5
    assert snapshot["failures"][-1] == f"error {FAILURES_KEPT + 4}"
    assert len(snapshot["failures"]) == FAILURES_KEPT
