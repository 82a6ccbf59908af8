"""Spans of time and what is cut out of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.simulation.spans import Gap, Spans, contacts, in_order


def spans(*given: tuple[float, float, int]) -> Spans:
    starts, ends, stations = zip(*given, strict=True) if given else ((), (), ())
    return in_order(
        np.array(starts, dtype=float), np.array(ends, dtype=float), np.array(stations, dtype=int)
    )


def rows(found: Spans) -> list[tuple[float, float, int]]:
    return list(zip(found.starts, found.ends, found.stations, strict=True))


@pytest.mark.parametrize(
    ("gap", "left"),
    [
        ((0, 5), [(10, 20, 0), (15, 30, 1)]),
        ((5, 12), [(12, 20, 0), (15, 30, 1)]),
        ((12, 14), [(10, 12, 0), (14, 20, 0), (15, 30, 1)]),
        ((18, 40), [(10, 18, 0), (15, 18, 1)]),
        ((0, np.inf), []),
        ((20, 25), [(10, 20, 0), (15, 20, 1), (25, 30, 1)]),
    ],
)
def test_what_remains_beside_a_gap(gap: Gap, left: list[tuple[float, float, int]]) -> None:
    assert rows(spans((10, 20, 0), (15, 30, 1)).without([gap])) == left


def test_a_gap_may_be_of_one_station_alone() -> None:
    found = spans((10, 20, 0), (15, 30, 1)).without([(12, 18)], station=1)
    assert rows(found) == [(10, 20, 0), (18, 30, 1)]


def test_contacts_are_spans_that_overlap_or_touch() -> None:
    starts, ends = contacts(spans((0, 10, 0), (2, 4, 1), (10, 12, 1), (13, 14, 0)))
    assert starts.tolist() == [0, 13]
    assert ends.tolist() == [12, 14]
    assert [len(each) for each in contacts(spans())] == [0, 0]


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(1, 30), st.integers(0, 2)), max_size=8),
    st.lists(st.tuples(st.integers(0, 99), st.integers(1, 30)), max_size=4),
)
def test_second_by_second_it_is_the_same(
    given_spans: list[tuple[int, int, int]], gaps: list[tuple[int, int]]
) -> None:
    def covered(found: Spans) -> set[tuple[int, int]]:
        return {
            (second, int(station))
            for start, end, station in rows(found)
            for second in range(int(start), int(end))
        }

    whole = spans(*((start, start + lasts, station) for start, lasts, station in given_spans))
    cut = {second for start, lasts in gaps for second in range(start, start + lasts)}
    left = whole.without([(start, start + lasts) for start, lasts in gaps])
    assert covered(left) == {each for each in covered(whole) if each[0] not in cut}
    assert all(start < end for start, end, _ in rows(left))
