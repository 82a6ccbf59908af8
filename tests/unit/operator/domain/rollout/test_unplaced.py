import pytest

from paper_fleet.views import pod
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.unplaced import unplaced

SAID = "0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint(s)"
LATER = "0/3 nodes are available: 2 Insufficient memory, 1 node(s) had untolerated taint(s)"
PLACED, NEW = pod("p1", "r", "sat-1"), pod("p2", "r", None)
STUCK, OTHER = (pod(name, "r", None, unscheduled=SAID) for name in ("p3", "p4"))


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([], ""),
        ([PLACED, NEW], ""),
        ([PLACED, NEW, STUCK], f"1 Pod finds no satellite: {SAID}"),
        ([OTHER, STUCK], f"2 Pods find no satellite: {SAID}"),
    ],
)
def test_it_says_how_many_and_what_the_scheduler_says(pods: list[PodView], expected: str) -> None:
    assert unplaced(pods, "") == expected


def test_what_is_said_already_but_for_the_scheduler_s_counts_is_said_again() -> None:
    said = f"Revision r, step 1: {unplaced([STUCK], '')}."
    later = pod("p3", "r", None, unscheduled=LATER)
    assert unplaced([later], said) == f"1 Pod finds no satellite: {SAID}"
    assert unplaced([later, later], said) == f"2 Pods find no satellite: {LATER}"
    other = pod("p3", "r", None, unscheduled="0/3 nodes are available: 3 Too many pods")
    assert unplaced([other], said).endswith("3 Too many pods")
