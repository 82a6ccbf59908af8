"""What is short over time: a strip a policy, one below another, all on one scale."""

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from perigee_operator.simulation.figures import Figures
from perigee_operator.simulation.scenario import DAY_S, HOUR_S
from perigee_operator.simulation.sheet import COLOURS, GAP, HEADING, LABELS, LONGEST, MARGIN

STRIP: Final = 44
AXIS: Final = 24
TICKS: Final = 6
"""About so many days are named below the strips."""


def strips(rows: Sequence[Figures], days: float, top: float) -> Iterator[str]:
    """Copies short, on the average of each hour; right of each strip the most in any hour.

    Args:
        rows: a row a policy.
        days: what was played.
        top: where the panel begins, in pixels.
    """
    title = "Copies short, hour by hour; to the right, the most in any hour"
    yield f'<text class="title" x="{MARGIN}" y="{top + 20}">{title}</text>'
    most = max(max(row.service.short_by_hour) for row in rows)
    base = top + HEADING - 14
    for number, row in enumerate(rows):
        base += STRIP
        yield from _strip(row, days, most, base, COLOURS[number % len(COLOURS)])
        base += GAP
    yield from _axis(days, base)


def strips_height(rows: Sequence[Figures]) -> int:
    """Pixels that the panel takes."""
    return HEADING + len(rows) * (STRIP + GAP) + AXIS


def _strip(row: Figures, days: float, most: float, base: float, colour: str) -> Iterator[str]:
    by_hour = row.service.short_by_hour
    yield f'<text x="{MARGIN}" y="{base - 4}">{escape(row.policy)}</text>'
    yield f'<path d="{_steps(by_hour, days, most, base)}" fill="{colour}"/>'
    yield f'<path d="M{LABELS} {base}h{LONGEST}" stroke="{colour}"/>'
    yield f'<text x="{LABELS + LONGEST + 8}" y="{base - 4}">{max(by_hour):,.1f}</text>'


def _steps(by_hour: Sequence[float], days: float, most: float, base: float) -> str:
    """The outline: up or down where an hour is not as the one before, and closed along the base."""
    words = [f"M{LABELS} {base}"]
    before = 0.0
    for hour, short in enumerate(by_hour):
        if short != before:
            words.append(f"H{_across(hour * HOUR_S, days):.1f}V{_above(short, most, base):.1f}")
            before = short
    return "".join((*words, f"H{LABELS + LONGEST}V{base}Z"))


def _axis(days: float, base: float) -> Iterator[str]:
    step = max(1, round(days / TICKS))
    for day in range(0, int(days) + 1, step):
        x = _across(day * DAY_S, days)
        yield f'<text x="{x:.1f}" y="{base + 12}" text-anchor="middle">day {day}</text>'


def _across(at_s: float, days: float) -> float:
    return LABELS + LONGEST * at_s / (days * DAY_S)


def _above(short: float, most: float, base: float) -> float:
    return base - (STRIP * short / most if most else 0)
