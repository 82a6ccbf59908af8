import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_lab.play.windows import ALWAYS, Span, Window, contact_spans

times = st.integers(-500, 500)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start, length = draw(times), draw(st.integers(1, 100))
    if draw(st.booleans()):
        return Window(start, start + length)
    every = draw(st.integers(length, 200))
    until = draw(st.none() | st.integers(1, 900).map(lambda after: float(start + after)))
    return Window(start, start + length, every, until)


def in_contact(window: Window, moment: float) -> bool:
    """The definition, repetition by repetition."""
    if window.every_s is None:
        return window.start_s <= moment < window.end_s
    last = math.inf if window.until_s is None else window.until_s
    starts = (window.start_s + number * window.every_s for number in range(2000))
    length = window.end_s - window.start_s
    return any(start < last and start <= moment < start + length for start in starts)


@pytest.mark.parametrize(
    ("window", "since", "until", "expected"),
    [
        (Window(10, 20), 0, 100, [(10, 20)]),
        (Window(10, 20), 20, 100, []),
        (Window(10, 20), 0, 10, []),
        (Window(10, 20), 15, 16, [(10, 20)]),
        (Window(0, 90, 150), 0, 400, [(0, 90), (150, 240), (300, 390)]),
        (Window(0, 90, 150), 90, 300, [(150, 240)]),
        (Window(0, 90, 150, 300), 0, 1000, [(0, 90), (150, 240)]),
        (Window(0, 90, 150, 301), 0, 1000, [(0, 90), (150, 240), (300, 390)]),
        (Window(1000, 1090, 150), 0, 900, []),
    ],
)
def test_repetitions(
    window: Window, since: float, until: float, expected: list[tuple[float, float]]
) -> None:
    assert [(s.start_s, s.end_s) for s in window.overlapping(since, until)] == expected


@pytest.mark.parametrize(
    ("given_windows", "expected"),
    [
        ([Window(0, 10), Window(10, 20)], [Span(0, 20)]),
        ([Window(30, 40), Window(0, 10)], [Span(0, 10), Span(30, 40)]),
        ([Window(0, 50), Window(10, 20)], [Span(0, 50)]),
        ([Window(0, 10, 10, 45)], [Span(0, 50)]),
    ],
)
def test_what_touches_is_one(given_windows: list[Window], expected: list[Span]) -> None:
    assert contact_spans(given_windows, 0, 100) == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(0, 10), 10),
        (Window(0, 90, 150), math.inf),
        (Window(0, 90, 150, 300), 240),
        (Window(0, 90, 150, 301), 390),
        (Window(0, 90, 150, 1), 90),
        (ALWAYS[0], -math.inf),
        (Window(5, math.inf), 5),
    ],
)
def test_the_last_change(window: Window, expected: float) -> None:
    assert window.last_change_s == expected


@given(st.lists(windows(), max_size=4), times, st.integers(1, 400), st.data())
def test_spans_are_when_a_window_is_open(
    several: list[Window], since: int, length: int, data: st.DataObject
) -> None:
    spans = contact_spans(several, since, since + length)
    moment = since + data.draw(st.integers(0, length - 1))
    inside = any(span.contains(moment) for span in spans)
    assert inside is any(in_contact(window, moment) for window in several)


@given(st.lists(windows(), max_size=4), times, st.integers(1, 400))
def test_spans_are_apart_and_in_order(several: list[Window], since: int, length: int) -> None:
    spans = contact_spans(several, since, since + length)
    assert all(a.end_s < b.start_s for a, b in itertools.pairwise(spans))
    assert all(span.start_s < since + length and span.end_s > since for span in spans)
