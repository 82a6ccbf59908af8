"""Results as a table, as JSON and as Markdown."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from rich.table import Table

from perigee_operator.simulation.figures import Figures, Spread
from perigee_operator.simulation.play import Results
from perigee_operator.simulation.scenario import HOUR_S

NONE: Final = "-"

COLUMNS: Final = (
    "lost heartbeats",
    "policy",
    "false failovers",
    "in orbit",
    "deaths found",
    "death to verdict",
    "the same, 95 %",
    "contact time",
    "copy-hours short",
    "copies moved",
)


def cells(row: Figures) -> tuple[str, ...]:
    """A row of the table."""
    return (
        f"{row.loss:.0%}",
        row.policy,
        f"{row.false:,}",
        f"{row.false_in_orbit:,}",
        f"{row.found} of {row.deaths}",
        duration(row.wall.median_s),
        duration(row.wall.p95_s),
        duration(row.contact.median_s),
        f"{row.service.short_copy_h:,.1f}",
        f"{row.service.moves:,}",
    )


def duration(seconds: float | None) -> str:
    """A time as a person says it."""
    if seconds is None:
        return NONE
    if seconds >= HOUR_S:
        return f"{seconds / HOUR_S:.1f} h"
    return f"{seconds / 60:.0f} min"


def table(results: Results) -> Table:
    """For a terminal."""
    drawn = Table(box=None, pad_edge=False, caption=bound(results), caption_justify="left")
    for number, heading in enumerate(COLUMNS):
        drawn.add_column(heading, justify="left" if number == 1 else "right")
    for row in results.rows:
        drawn.add_row(*cells(row))
    return drawn


def bound(results: Results) -> str:
    """What no policy can beat, in a sentence."""
    first, second = results.bounds.first, results.bounds.second
    return (
        "From the death of a satellite in orbit, the first pass that counts has gone by after "
        f"{_both(first)}, and the second after {_both(second)} (median, 95 %)."
    )


def markdown(results: Results) -> str:
    """For a document: the table alone."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---:|---|" + "---:|" * (len(COLUMNS) - 2)]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in results.rows]
    return "\n".join(lines)


def as_json(results: Results) -> str:
    """All figures, times in seconds, and what is short by hour."""
    found: dict[str, Any] = {
        "scenario": asdict(results.scenario),
        "bounds": asdict(results.bounds),
        "results": [{**asdict(row), "missed": row.missed} for row in results.rows],
    }
    return json.dumps(found, indent=2)


def held(results: Results) -> Iterator[str]:
    """What waited for a human, a line a policy and rate."""
    for row in results.rows:
        for reason, count in sorted(row.held.items()):
            yield f"{row.policy} at {row.loss:.0%}: {count} x {reason}"


def _both(spread: Spread) -> str:
    return f"{duration(spread.median_s)} and {duration(spread.p95_s)}"
