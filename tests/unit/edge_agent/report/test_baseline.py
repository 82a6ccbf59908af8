from hypothesis import given
from hypothesis import strategies as st

from perigee_api.served import Before, Counts
from perigee_edge.counted import CountedBlock
from perigee_edge.report.baseline import (
    DAY_S,
    GENERATION,
    PARTS,
    REVISIONS,
    Baseline,
    Part,
    compared,
)

ORBIT_S = 5700
REVISION_NAMES = st.sampled_from(["a", "b", "c", "d"])


def counts(requests: int, errors: int = 0) -> Counts:
    return Counts(errors=errors, latency={40: requests - errors} if requests > errors else {})


def block(
    requests: int, *, errors: int = 0, revision: str = "new", sequence: int = 0, pod: str = ""
) -> CountedBlock:
    return CountedBlock(
        model="default/m",
        pod=pod or f"pod-{revision}",
        revision=revision,
        run="1",
        sequence=sequence,
        ended_s=0,
        lasted_s=480,
        counts=counts(requests, errors),
    )


def orbits(count: int) -> tuple[Baseline, ...]:
    """The stable revision served for so many of them: well in one part, badly in another."""
    known: tuple[Baseline, ...] = ()
    for orbit in range(count):
        for number, (begun_s, errors) in enumerate([(100, 1), (3000, 20)]):
            told = block(50, errors=errors, revision="old", sequence=2 * orbit + number)
            known, beside = compared(known, told, orbit * ORBIT_S + begun_s, ORBIT_S)
            assert beside is None
    return known


def test_a_block_is_compared_with_the_same_part_of_the_orbit() -> None:
    _, beside = compared(orbits(10), block(80), 99 * ORBIT_S + 200, ORBIT_S)
    assert beside == Before(revision="old", counts=counts(500, errors=10))


def test_less_than_the_block_has_is_no_baseline() -> None:
    known = orbits(1)
    assert compared(known, block(51), 200, ORBIT_S)[1] is None
    assert compared(known, block(50), 200, ORBIT_S)[1] is not None
    assert compared(known, block(1), 1500, ORBIT_S)[1] is None


def test_a_block_that_is_told_again_is_added_once() -> None:
    known = orbits(3)
    for sequence in (4, 5, 0):
        told = block(50, revision="old", sequence=sequence)
        assert compared(known, told, 100, ORBIT_S)[0] == known
    fresh = block(50, revision="old", sequence=6)
    assert compared(known, fresh, 100, ORBIT_S)[0] != known


def test_elements_that_are_renewed_change_nothing_and_another_orbit_does() -> None:
    known = orbits(1)
    assert compared(known, block(10), 200, ORBIT_S + 5)[1] is not None
    assert compared(known, block(10), 200, DAY_S)[1] is None
    (own,), _ = compared(known, block(10), 200, DAY_S)
    assert own.period_s == DAY_S


def test_what_is_old_is_forgotten_whole() -> None:
    part = Part()
    for number in range(3 * GENERATION):
        part = part.plus(counts(10, errors=1))
        blocks = min(number + 1, GENERATION + number % GENERATION + 1)
        assert part.counts == counts(10 * blocks, errors=blocks)


def test_beside_the_newest_stands_the_one_heard_of_last_before_it() -> None:
    known, _ = compared(orbits(1), block(60, revision="bad"), 100, ORBIT_S)
    # It was given up, and the old one serves again.
    known, _ = compared(known, block(50, revision="old", sequence=9), 5800, ORBIT_S)
    _, beside = compared(known, block(40, revision="better"), 150, ORBIT_S)
    assert beside is not None
    assert beside.revision == "old"


def test_one_that_was_given_up_soon_hides_nobody() -> None:
    known, _ = compared(orbits(10), block(60, revision="bad"), 4000, ORBIT_S)
    # Corrected within minutes: the old one had no time to be heard of again.
    _, beside = compared(known, block(40, revision="better"), 150, ORBIT_S)
    assert beside == Before(revision="old", counts=counts(500, errors=10))
    _, beside = compared(known, block(40, revision="better"), 4000, ORBIT_S)
    assert beside is not None
    assert beside.revision == "bad", "which the ground passes over"


@given(
    told=st.lists(
        st.tuples(REVISION_NAMES, st.integers(0, 90), st.floats(0, 1e7), st.integers(0, 30))
    )
)
def test_no_request_is_counted_that_no_block_had(
    told: list[tuple[str, int, float, int]],
) -> None:
    known: tuple[Baseline, ...] = ()
    had = dict.fromkeys("abcd", 0)
    for revision, requests, begun_s, sequence in told:
        fresh = block(requests, revision=revision, sequence=sequence)
        known, beside = compared(known, fresh, begun_s, ORBIT_S)
        had[revision] += requests
        assert len(known) <= REVISIONS
        assert known[-1].revision == revision
        assert beside is None or beside.revision != revision
        for each in known:
            assert sum(part.counts.requests for part in each.parts) <= had[each.revision]


@given(moment=st.integers(0, 10**6), turns=st.integers(0, 100))
def test_parts_come_back_with_every_period(moment: int, turns: int) -> None:
    baseline = Baseline(revision="r", period_s=ORBIT_S)
    again = baseline.part_at(moment + 0.5 + turns * ORBIT_S)
    assert baseline.part_at(moment + 0.5) == again
    assert 0 <= again < PARTS
