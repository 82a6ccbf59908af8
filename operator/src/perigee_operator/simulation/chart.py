"""Results as a picture: bars on a logarithmic scale, and what is short hour by hour, as SVG."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from perigee_operator.simulation.figures import Figures
from perigee_operator.simulation.play import Results
from perigee_operator.simulation.sheet import (
    COLOURS,
    GAP,
    HEADING,
    LABELS,
    LONGEST,
    MARGIN,
    WIDTH,
)
from perigee_operator.simulation.strips import strips, strips_height

BAR: Final = 16
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:14px}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}}"
)


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    value: Callable[[Figures], float]
    digits: int = 0


PANELS: Final = (
    _Panel("False failovers: satellites given up that lived", lambda row: row.false),
    _Panel("Deaths that were noticed", lambda row: row.found),
    _Panel(
        "Copy-hours short: copies wanted that did not serve",
        lambda row: row.service.short_copy_h,
        digits=1,
    ),
)


def chart(results: Results, loss: float) -> str:
    """The picture of one rate of loss.

    Raises:
        ValueError: there are no results of that rate.
    """
    rows = [row for row in results.rows if row.loss == loss]
    if not rows:
        raise ValueError(f"nothing was played at a loss of {loss:.0%}")
    parts: list[str] = []
    top = MARGIN
    for panel in PANELS:
        parts += _panel(panel, rows, top)
        top += HEADING + len(rows) * (BAR + GAP)
    parts += strips(rows, results.scenario.days, top)
    top += strips_height(rows)
    height = top + 2 * MARGIN
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{escape(_summary(results, loss))}</title>",
            f"<style>{STYLE}</style>",
            *parts,
            f'<text x="{MARGIN}" y="{top + 14}">{escape(_summary(results, loss))}</text>',
            "</svg>\n",
        )
    )


def _summary(results: Results, loss: float) -> str:
    scenario = results.scenario
    return (
        f"{scenario.satellites:,} satellites, {scenario.stations} ground stations, "
        f"{scenario.days:g} days, {loss:.0%} of the heartbeats lost. "
        "Bars are logarithmic."
    )


def _panel(panel: _Panel, rows: Sequence[Figures], top: float) -> Iterator[str]:
    values = [panel.value(row) for row in rows]
    yield f'<text class="title" x="{MARGIN}" y="{top + 20}">{escape(panel.title)}</text>'
    for number, (row, value) in enumerate(zip(rows, values, strict=True)):
        y = top + HEADING - 14 + number * (BAR + GAP)
        length = _length(value, max(values)) * LONGEST
        colour = COLOURS[number % len(COLOURS)]
        yield f'<text x="{MARGIN}" y="{y + 13}">{escape(row.policy)}</text>'
        yield f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>'
        figure = f"{value:,.{panel.digits}f}"
        yield f'<text x="{LABELS + length + 8:.1f}" y="{y + 13}">{figure}</text>'


def _length(value: float, largest: float) -> float:
    """From 0 to 1: nothing has no length, and ten times as much is one step more."""
    return math.log10(1 + value) / math.log10(1 + largest) if largest > 0 else 0.0
