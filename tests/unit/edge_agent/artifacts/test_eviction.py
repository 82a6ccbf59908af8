from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.artifacts.eviction import Eviction, Limits, plan_eviction
from perigee_edge.artifacts.held import Held

MANY = 10**12


def held(name: str, size: int, *, wanted_at: float = 0, complete: bool = True) -> Held:
    return Held(name, size, wanted_at, complete)


def test_nothing_leaves_while_there_is_room() -> None:
    plan = plan_eviction(
        [held("a", 50)], (), wanted_bytes=50, free_bytes=MANY, limits=Limits(100, 0)
    )
    assert plan == Eviction((), 0)


def test_what_was_wanted_longest_ago_leaves_first_and_no_more_than_needed() -> None:
    old, newer, newest = (
        held(name, 40, wanted_at=at) for name, at in zip("abc", (1, 2, 3), strict=True)
    )
    plan = plan_eviction(
        [newest, old, newer], (), wanted_bytes=50, free_bytes=MANY, limits=Limits(130, 0)
    )
    assert plan.remove == (old,)


def test_incomplete_ones_leave_before_complete_ones() -> None:
    complete, partial = held("a", 40, wanted_at=1), held("b", 40, wanted_at=2, complete=False)
    plan = plan_eviction(
        [complete, partial], (), wanted_bytes=20, free_bytes=MANY, limits=Limits(80, 0)
    )
    assert plan.remove == (partial,)


def test_pinned_ones_stay_and_what_is_missing_is_told() -> None:
    plan = plan_eviction(
        [held("a", 90), held("b", 5)],
        {"a"},
        wanted_bytes=50,
        free_bytes=MANY,
        limits=Limits(100, 0),
    )
    assert plan == Eviction((), 40)


def test_the_disk_counts_too_and_keeps_its_reserve() -> None:
    a = held("a", 40)
    limits = Limits(MANY, reserve_bytes=100)
    assert plan_eviction([a], (), wanted_bytes=30, free_bytes=130, limits=limits).remove == ()
    assert plan_eviction([a], (), wanted_bytes=30, free_bytes=129, limits=limits).remove == (a,)
    assert plan_eviction([a], (), wanted_bytes=30, free_bytes=80, limits=limits).missing_bytes == 10


def test_a_disk_that_others_filled_costs_no_artifact_while_nothing_is_wanted() -> None:
    plan = plan_eviction(
        [held("a", 40)], (), wanted_bytes=0, free_bytes=0, limits=Limits(MANY, 100)
    )
    assert plan.remove == ()


def test_a_cache_above_its_cap_shrinks_without_being_asked() -> None:
    a, b = held("a", 60, wanted_at=1), held("b", 60, wanted_at=2)
    plan = plan_eviction([a, b], {"a"}, wanted_bytes=0, free_bytes=MANY, limits=Limits(100, 0))
    assert plan.remove == (b,)


HELD = st.lists(
    st.builds(
        Held,
        st.integers(0, 10**6).map(str),
        st.integers(0, 1000),
        st.floats(0, 1e9),
        st.booleans(),
    ),
    max_size=20,
    unique_by=lambda one: (one.sha256, one.complete),
)


@given(st.data(), HELD, st.integers(0, 3000), st.integers(0, 3000))
def test_eviction_keeps_its_promises(
    data: st.DataObject, have: list[Held], wanted_bytes: int, free_bytes: int
) -> None:
    names = [one.sha256 for one in have]
    pinned = set(data.draw(st.lists(st.sampled_from(names))) if names else [])
    limits = Limits(data.draw(st.integers(0, 5000)), data.draw(st.integers(0, 2000)))
    plan = plan_eviction(
        have, pinned, wanted_bytes=wanted_bytes, free_bytes=free_bytes, limits=limits
    )
    freed = sum(one.size_bytes for one in plan.remove)
    kept = sum(one.size_bytes for one in have) - freed

    assert not {one.sha256 for one in plan.remove} & pinned
    assert len(set(plan.remove)) == len(plan.remove)
    if wanted_bytes and not plan.missing_bytes:
        assert kept + wanted_bytes <= limits.cache_bytes
        assert free_bytes + freed - wanted_bytes >= limits.reserve_bytes
    if wanted_bytes and plan.missing_bytes:
        removable = sum(one.size_bytes for one in have if one.sha256 not in pinned)
        everything = sum(one.size_bytes for one in have)
        assert not plan.remove
        assert (
            everything - removable + wanted_bytes > limits.cache_bytes
            or free_bytes + removable - wanted_bytes < limits.reserve_bytes
        )
    last = plan.remove[-1].size_bytes if plan.remove else 0
    if plan.remove and wanted_bytes:
        without_last_too_much = kept + last + wanted_bytes > limits.cache_bytes
        without_last_too_little = free_bytes + freed - last - wanted_bytes < limits.reserve_bytes
        assert without_last_too_much or without_last_too_little
