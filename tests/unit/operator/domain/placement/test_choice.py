from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at, satellite
from perigee_api import names
from perigee_api.placement import SpreadBy
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.placement.choice import (
    FEW,
    beginning_at,
    choose,
    first_asked,
    queues,
    with_standby,
)
from perigee_operator.domain.satellite import Satellite

DARK = SatellitePhase.EXPECTED_DARK
NAMES = [f"sat-{number}" for number in range(6)]


def chosen(  # noqa: PLR0913 - what may matter for a choice
    count: int,
    *,
    dark: str = "",
    carries: str = "",
    prefers: str = "",
    of: int = 5,
    planes: str = "",
    rises: dict[str, float] | None = None,
    mute: str = "",
) -> list[str]:
    fleet = [
        satellite(
            name,
            phase=DARK if name[-1] in dark else SatellitePhase.IN_CONTACT,
            labels={names.PLANE_LABEL: planes[int(name[-1])]} if planes else {},
            reports=name[-1] not in mute,
            rises_at=at(rises[name[-1]]) if rises and name[-1] in rises else None,
        )
        for name in NAMES[:of]
    ]
    found = choose(
        fleet,
        count,
        rank=lambda s: 0 if s.name[-1] in carries else 1 if s.name[-1] in prefers else 2,
        spread_by=SpreadBy.PLANE if planes else SpreadBy.SATELLITE,
    )
    return [s.name[-1] for s in found]


@pytest.mark.parametrize(("copies", "expected"), [(0, 0), (1, 2), (2, 3), (4, 5), (5, 7), (8, 10)])
def test_a_quarter_stands_by_and_one_at_least(copies: int, expected: int) -> None:
    assert with_standby(copies) == expected


@pytest.mark.parametrize(
    ("picked", "expected"),
    [
        (chosen(2), "01"),
        (chosen(9), "01234"),
        (chosen(0), ""),
        (chosen(2, carries="4"), "40"),
        (chosen(2, carries="4", dark="4"), "40"),
        (chosen(2, prefers="3"), "30"),
        (chosen(2, carries="4", prefers="3"), "43"),
        (chosen(2, dark="01"), "23"),
        (chosen(2, dark="012345"), "01"),
        (chosen(2, dark="3", prefers="3"), "30"),
        (chosen(2, dark="0123", rises={"2": 60, "1": 600}), "42"),
        (chosen(4, dark="01234", rises={"2": 60, "1": 600}), "2103"),
        (chosen(3, mute="01"), "234"),
        (chosen(4, mute="01", carries="1"), "1234"),
        (chosen(2, planes="aaaab"), "04"),
        (chosen(3, planes="aabbc"), "024"),
        (chosen(4, planes="aaaab"), "0412"),
        (chosen(2, planes="aaaab", carries="01"), "01"),
        (chosen(3, planes="aaaab", carries="2"), "240"),
    ],
)
def test_who_has_it_keeps_it_then_the_preferred_then_who_is_in_contact(
    picked: list[str], expected: str
) -> None:
    assert "".join(picked) == expected


@given(
    count=st.integers(0, 6),
    dark=st.sets(st.sampled_from("012345")),
    later_dark=st.sets(st.sampled_from("012345")),
    prefers=st.sets(st.sampled_from("012345")),
)
def test_a_choice_stands_as_long_as_it_can(
    count: int, dark: set[str], later_dark: set[str], prefers: set[str]
) -> None:
    first = chosen(count, dark="".join(dark), prefers="".join(prefers), of=6)
    again = chosen(count, dark="".join(later_dark), carries="".join(first), of=6)
    assert sorted(again) == sorted(first)


@pytest.mark.parametrize(
    ("begin", "dark", "expected"),
    [("", "", "012"), ("sat-3", "", "340"), ("sat-3", "4", "301"), ("sat-9", "", "012")],
)
def test_of_equal_ones_those_come_first_that_follow_on_where_a_model_begins(
    begin: str, dark: str, expected: str
) -> None:
    fleet = [
        satellite(f"sat-{n}", phase=DARK if str(n) in dark else SatellitePhase.IN_CONTACT)
        for n in range(5)
    ]
    found = choose(fleet, 3, rank=lambda _: 0, spread_by=SpreadBy.SATELLITE, begin=begin)
    assert "".join(s.name[-1] for s in found) == expected
    (queue,) = queues(fleet, SpreadBy.SATELLITE)
    assert tuple(islice(beginning_at(queue, begin), 3)) == found


def test_models_begin_at_satellites_all_over_a_large_fleet_and_at_the_first_of_a_small_one() -> (
    None
):
    def begun(satellites: int) -> Counter[str]:
        fleet = [satellite(f"sat-{n:04}") for n in range(satellites)]
        return Counter(first_asked(fleet, f"default/model-{n}") for n in range(200))

    assert begun(FEW).keys() == begun(0).keys() == {""}
    some, many = begun(20), begun(1600)
    assert len(some) == 20
    assert max(some.values()) < 30
    assert len(many) > 150
    assert max(many.values()) < 5


def test_those_chosen_before_count_for_the_spread() -> None:
    fleet = [satellite(name, labels={names.PLANE_LABEL: name[0]}) for name in ("a1", "a2", "b1")]
    found = choose(fleet[1:], 1, rank=lambda _: 0, spread_by=SpreadBy.PLANE, beside=fleet[:1])
    assert [s.name for s in found] == ["b1"]


@given(planes=st.text("abc", min_size=1, max_size=8), first=st.integers(0, 8))
def test_choosing_in_two_goes_is_choosing_at_once(planes: str, first: int) -> None:
    fleet = [
        satellite(f"sat-{n}", labels={names.PLANE_LABEL: plane}) for n, plane in enumerate(planes)
    ]

    def go(of: list[Satellite], count: int, *before: Satellite) -> tuple[Satellite, ...]:
        return choose(of, count, rank=lambda _: 0, spread_by=SpreadBy.PLANE, beside=before)

    some = go(fleet, first)
    rest = [each for each in fleet if each.name not in {s.name for s in some}]
    assert some + go(rest, len(rest), *some) == go(fleet, len(fleet))
