"""The rules of stock Kubernetes, on timelines that can be followed by hand."""

from collections.abc import Iterable

import numpy as np
import pytest

from perigee_operator.simulation.stock import Change, Limiter, NodeLifecycle, rate_hz
from perigee_operator.simulation.verdicts import Verdict

READY, UNKNOWN = Change.READY, Change.UNKNOWN
Step = tuple[float, Change, int]


def play(*steps: Step, nodes: int = 10, end_s: float = 10_000) -> list[Verdict]:
    """All Nodes join at the beginning; then they change."""
    joined: Iterable[Step] = ((0.0, READY, node) for node in range(nodes))
    events = [(at_s, int(kind), node, 0) for at_s, kind, node in (*joined, *steps)]
    return NodeLifecycle(np.random.default_rng(1)).run(events, end_s)


@pytest.mark.parametrize(
    ("nodes", "not_ready", "rate"),
    [
        (10, 0, 0.1),
        (10, 5, 0.1),
        (10, 6, 0),  # 55 % and more than two, in a small zone
        (10, 10, 0),
        (3, 2, 0.1),  # no more than two
        (4, 3, 0),
        (50, 28, 0),
        (51, 29, 0.01),  # a large one
        (51, 28, 0.1),
        (1000, 550, 0.01),
        (1000, 549, 0.1),
        (1000, 1000, 0),
    ],
)
def test_the_rate_follows_the_zone(nodes: int, not_ready: int, rate: float) -> None:
    assert rate_hz(nodes, not_ready) == rate


def test_a_silent_node_is_evicted_after_the_toleration() -> None:
    assert play((100, UNKNOWN, 3)) == [Verdict(3, 400)]


def test_a_return_before_that_cancels_it() -> None:
    assert play((100, UNKNOWN, 3), (399, READY, 3)) == []
    assert play((100, UNKNOWN, 3), (401, READY, 3)) == [Verdict(3, 400, 401)]
    # The next silence is tolerated for as long again.
    again = play((100, UNKNOWN, 3), (399, READY, 3), (500, UNKNOWN, 3))
    assert again == [Verdict(3, 800)]


def test_taints_are_ten_seconds_apart() -> None:
    found = play(*((100, UNKNOWN, node) for node in range(4)))
    assert [each.at_s for each in found] == [400, 410, 420, 430]
    assert {each.satellite for each in found} == {0, 1, 2, 3}


def test_most_of_a_small_zone_is_never_evicted() -> None:
    assert play(*((100, UNKNOWN, node) for node in range(6))) == []
    # Who was tainted before the zone was disrupted goes all the same.
    assert play(*((100 + node, UNKNOWN, node) for node in range(6))) == [Verdict(0, 400)]


def test_most_of_a_large_zone_goes_at_36_an_hour() -> None:
    found = play(*((100, UNKNOWN, node) for node in range(60)), nodes=100, end_s=3700)
    gaps = np.diff([each.at_s for each in found])
    assert gaps.tolist() == [100.0] * (len(found) - 1)
    assert 30 <= len(found) <= 36


def test_when_none_is_ready_nothing_happens_until_one_is() -> None:
    silence = [(100.0 + node, UNKNOWN, node) for node in range(3)]
    assert play(*silence, nodes=3) == []
    # Taints were taken off: the toleration begins anew.
    found = play(*silence, (5000.0, READY, 0), nodes=3)
    assert min(each.at_s for each in found) >= 5000 + 300
    assert {each.satellite for each in found} == {1, 2}


def test_an_empty_bucket_stays_empty_when_its_rate_changes() -> None:
    limiter = Limiter(0.1)
    assert limiter.ready_s(50) == 50
    limiter.take(50)
    limiter.swap(0.01, 55)
    assert limiter.ready_s(55) == 155
    limiter.swap(0, 60)
    assert limiter.ready_s(1000) == np.inf
    limiter.swap(0.1, 1000)
    assert limiter.ready_s(1000) == 1010


def test_a_full_bucket_stays_full() -> None:
    limiter = Limiter(0.1)
    limiter.swap(0.01, 20)
    assert limiter.ready_s(20) == 20
