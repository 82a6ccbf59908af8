import pytest

from paper_fleet.views import at, node, pod, satellite
from perigee_api.inference_model import RolloutStrategy, Swap
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.boards import Boards, boards
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.workloads.quantity import thousandths

SIDE_BY_SIDE, REPLACE, AUTO = RolloutStrategy
TWO_GI = {"memory": thousandths("2Gi")}


def tight(claimed: str = "2Gi", allocatable: str = "3Gi") -> Satellite:
    own = node("s", allocatable={"memory": thousandths(allocatable)})
    return satellite("s", node=own, claimed={"memory": thousandths(claimed)})


def copy(revision: str = "a", name: str = "p", *, deleting: bool = False) -> PodView:
    return pod(name, revision, "s", requests=TWO_GI, deleting=deleting)


def on(
    *pods: PodView, strategy: RolloutStrategy, to: str | None = None, at_all: Satellite
) -> Boards:
    swaps = [] if to is None else [Swap(satellite="s", revision=to, began=at(0))]
    return boards(pods, swaps, strategy, {"s": at_all})


@pytest.mark.parametrize(
    ("strategy", "to", "has_place"),
    [
        (SIDE_BY_SIDE, None, False),
        (SIDE_BY_SIDE, "b", True),
        (REPLACE, None, True),
        (AUTO, None, True),
    ],
)
def test_there_is_a_place_with_the_others_gone(
    strategy: RolloutStrategy, to: str | None, *, has_place: bool
) -> None:
    found = on(copy(), strategy=strategy, to=to, at_all=tight())
    assert found.has_place("b", TWO_GI)(tight()) is has_place
    short = "s has 1Gi of the 2Gi of memory asked for"
    assert found.shortage("b", TWO_GI, tight()) == (None if has_place else short)


def test_other_models_do_not_give_way() -> None:
    full = tight("4Gi", "5Gi")
    assert on(copy(), strategy=REPLACE, at_all=full).has_place("b", TWO_GI)(full)
    assert not on(strategy=REPLACE, at_all=full).has_place("b", TWO_GI)(full)


def test_what_ends_already_makes_no_more_room_by_that() -> None:
    found = on(copy(deleting=True), strategy=REPLACE, at_all=tight("2Gi"))
    assert not found.has_place("b", TWO_GI)(tight("2Gi"))


@pytest.mark.parametrize(
    ("pods", "strategy", "to", "clear"),
    [
        ((), REPLACE, None, True),
        ((copy(),), SIDE_BY_SIDE, None, True),
        ((copy(),), REPLACE, None, False),
        ((copy(deleting=True),), REPLACE, None, False),
        ((copy(),), AUTO, None, False),
        ((copy("b"),), REPLACE, None, True),
        # What is recorded counts, whatever is asked for by now.
        ((copy(),), SIDE_BY_SIDE, "b", False),
        ((), SIDE_BY_SIDE, "b", True),
        ((), SIDE_BY_SIDE, "a", False),
        ((copy(deleting=True),), SIDE_BY_SIDE, "b", False),
    ],
)
def test_when_a_pod_may_come(
    pods: tuple[PodView, ...], strategy: RolloutStrategy, to: str | None, *, clear: bool
) -> None:
    found = on(*pods, strategy=strategy, to=to, at_all=tight())
    assert found.is_clear("b", TWO_GI, tight()) is clear


def test_with_auto_nobody_gives_way_where_there_is_room_for_both() -> None:
    roomy = tight("2Gi", "4Gi")
    assert on(copy(), strategy=AUTO, at_all=roomy).is_clear("b", TWO_GI, roomy)


def test_who_is_withdrawn() -> None:
    found = on(copy(), copy("b", "q"), strategy=REPLACE, to="b", at_all=tight())
    assert [found.is_withdrawn(each) for each in (copy(), copy("b"))] == [True, False]
    refused = pod("r", "a", "s", refused=True)
    assert on(refused, strategy=REPLACE, at_all=tight()).others("s", "b") == ()
