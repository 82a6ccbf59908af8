from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from paper_fleet.views import at, known, satellite, window
from perigee_operator.domain.orbit.contacts import ALWAYS, UNKNOWN, Contacts
from perigee_operator.domain.placement.exchange import (
    LEAST_GAIN_S,
    best_exchange,
    exchanged,
    gained_s,
    is_foreseen,
    is_never_behind,
)
from perigee_operator.domain.placement.reach import HORIZON, gaps
from perigee_operator.domain.satellite import Satellite

DAY_MIN = 1440
plans = st.lists(st.tuples(st.integers(0, 1430), st.integers(5, 240)), min_size=1, max_size=4)
fleets = st.lists(plans, min_size=3, max_size=6)


def passing(name: str, *spans: tuple[int, int]) -> Satellite:
    """In contact from one minute to another, every day."""
    days = range(-1, 4)
    return satellite(
        name,
        contacts=known(
            window((start + day * DAY_MIN) * 60, (end + day * DAY_MIN) * 60)
            for start, end in spans
            for day in days
        ),
    )


def fleet_of(drawn: list[list[tuple[int, int]]]) -> list[Satellite]:
    return [
        passing(f"s{n}", *((start, start + length) for start, length in plan))
        for n, plan in enumerate(drawn)
    ]


def short_s(served: list[Contacts], wanted: int, minute: int, length_min: int = DAY_MIN) -> float:
    """Seconds of a span of time in which too few are in contact."""
    since, until = at(minute * 60), at((minute + length_min) * 60)
    found = (min(g.end, until) - g.start for g in gaps(served, wanted, since) if g.start < until)
    return sum(found, timedelta()).total_seconds()


def contacts_of(*satellites: Satellite) -> list[Contacts]:
    return [each.contacts for each in satellites]


@pytest.mark.parametrize(
    ("serving", "wanted", "expected"),
    [
        # Whoever is needed least gives, and whoever closes most gets.
        ("ab", 1, ("b", "d", 14400)),
        ("ad", 1, None),
        # A second copy at the same time helps where two are wanted.
        ("ad", 2, ("d", "b", 30000)),
        ("ab", 2, None),
        ("", 1, None),
    ],
)
def test_the_best_exchange(
    serving: str, wanted: int, expected: tuple[str, str, float] | None
) -> None:
    fleet = {
        "a": passing("a", (0, 600)),
        "b": passing("b", (100, 600)),
        "c": passing("c", (600, 700)),
        "d": passing("d", (1000, 1240)),
        "e": passing("e", (1000, 1249)),
    }
    others = [each for name, each in fleet.items() if name not in serving + "e"]
    found = best_exchange([fleet[name] for name in serving], others, wanted, at(0))
    assert (found and (found.giver.name, found.receiver.name, found.gain_s)) == expected


def test_what_gains_little_moves_nothing() -> None:
    serving, least_min = [passing("a", (0, 600))], int(LEAST_GAIN_S / 60)
    little, enough = (
        passing("b", (100, 700 + least_min - 1)),
        passing("c", (100, 700 + least_min)),
    )
    assert best_exchange(serving, [little], 1, at(0)) is None
    found = best_exchange(serving, [little, enough], 1, at(0))
    assert found is not None
    assert (found.receiver.name, found.gain_s) == ("c", LEAST_GAIN_S)


@given(drawn=fleets, copies=st.integers(1, 3), wanted=st.integers(1, 3))
def test_no_other_exchange_gains_more(
    drawn: list[list[tuple[int, int]]], copies: int, wanted: int
) -> None:
    """All contacts begin and end at whole minutes here, so that masks are exact."""
    fleet = fleet_of(drawn)
    serving, others = fleet[:copies], fleet[copies:]
    gains = [
        gained_s(contacts_of(*serving), exchanged(serving, giver, receiver), wanted, at(0))
        for giver, receiver in product(serving, others)
    ]
    best_s = max(gains, default=0)
    found = best_exchange(serving, others, wanted, at(0))
    assert (found.gain_s if found else 0) == (best_s if best_s >= LEAST_GAIN_S else 0)


@given(drawn=fleets, wanted=st.integers(1, 2))
def test_never_behind_means_at_any_moment(drawn: list[list[tuple[int, int]]], wanted: int) -> None:
    fleet = fleet_of(drawn)
    before, after = contacts_of(*fleet[:2]), contacts_of(*fleet[1:3])
    lead, led = 0.0, True
    for minute in range(DAY_MIN):
        here = at(minute * 60)
        enough = [
            sum(any(w.contains(here) for w in each.windows) for each in served) >= wanted
            for served in (before, after)
        ]
        lead += enough[1] - enough[0]
        led = led and lead >= 0
    assert is_never_behind(before, after, wanted, at(0)) == led


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"contacts": ALWAYS}, True),
        ({"contacts": UNKNOWN}, False),
        ({"plan_errs": True}, False),
        ({"contacts": Contacts((), at(0), at(HORIZON.total_seconds()), provisional=True)}, False),
        ({"contacts": Contacts((), at(0), at(HORIZON.total_seconds()))}, True),
        ({"contacts": Contacts((), at(0), at(HORIZON.total_seconds() - 600))}, False),
        ({"contacts": Contacts((), at(1), at(2 * HORIZON.total_seconds()))}, False),
        ({"contacts": Contacts((), at(0), at(1e6), stale_from=at(0))}, False),
    ],
)
def test_whose_contacts_are_known_for_sure(*, change: dict[str, Any], expected: bool) -> None:
    assert is_foreseen(satellite("s", **change), at(0)) is expected


@dataclass
class PlayedDay:
    """A day with exchanges, by the rules of their beginning and handing over alone."""

    wanted: int
    rest_min: int
    step_min: int
    serving: list[Satellite]
    others: list[Satellite]
    delays_min: list[int]
    """From the beginning of an exchange until the receiver serves, in turn."""
    short_s: float = 0
    gains_s: list[float] = field(default_factory=list)
    """Of those that were handed over."""

    def play(self) -> None:
        giver, receiver = None, None
        rests_until = arrives = 0
        for minute in range(0, DAY_MIN, self.step_min):
            now = at(minute * 60)
            if giver is None and minute >= rests_until:
                found = best_exchange(self.serving, self.others, self.wanted, now)
                if found is not None:
                    giver, receiver = found.giver, found.receiver
                    arrives = minute + self.delays_min[len(self.gains_s) % len(self.delays_min)]
            present = contacts_of(*self.serving)
            if giver is not None and receiver is not None and minute >= arrives:
                after = exchanged(self.serving, giver, receiver)
                if is_never_behind(present, after, self.wanted, now):
                    self.gains_s.append(gained_s(present, after, self.wanted, now))
                    self.serving[self.serving.index(giver)] = receiver
                    self.others[self.others.index(receiver)] = giver
                    giver, receiver, rests_until = None, None, minute + self.rest_min
                    present = contacts_of(*self.serving)
                else:
                    present.append(receiver.contacts)
            self.short_s += short_s(present, self.wanted, minute, self.step_min)


@settings(max_examples=40, deadline=None)
@given(
    drawn=fleets,
    copies=st.integers(1, 3),
    wanted=st.integers(1, 2),
    delays_min=st.lists(st.integers(0, 600), min_size=1, max_size=3),
)
# What gains in the morning, and was lost in the evening before.
@example(drawn=[[(600, 240)], [(0, 500)], [(0, 5)]], copies=1, wanted=1, delays_min=[400])
def test_a_day_with_exchanges_is_no_worse_than_one_without_and_has_few(
    drawn: list[list[tuple[int, int]]], copies: int, wanted: int, delays_min: list[int]
) -> None:
    fleet = fleet_of(drawn)
    assume(wanted <= copies)
    serving, others = fleet[:copies], fleet[copies:]
    before_s = short_s(contacts_of(*serving), wanted, 0)
    day = PlayedDay(wanted, 60, 20, list(serving), list(others), delays_min)
    day.play()
    assert day.short_s <= before_s
    # Contacts repeat: every exchange makes each day to come better, clearly, so that they end.
    assert all(gain_s >= LEAST_GAIN_S for gain_s in day.gains_s)
    after_s = short_s(contacts_of(*day.serving), wanted, 0)
    assert after_s == before_s - sum(day.gains_s)
    assert len(day.gains_s) <= before_s / LEAST_GAIN_S
