"""The end of the story: what was done, what was decided, after how many seconds."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from perigee_demo.story.journal import Entry
from perigee_demo.story.panel import counts_line
from perigee_demo.story.traffic_process import Counts


def print_summary(console: Console, entries: Sequence[Entry], counts: Counts) -> None:
    """Prints the table of events and the counts of requests."""
    table = Table(title="Summary", title_justify="left", show_lines=False)
    table.add_column("event", no_wrap=True)
    table.add_column("what was done and decided")
    table.add_column("after", justify="right", no_wrap=True)
    act = None
    for entry in entries:
        table.add_row(
            "" if entry.act == act else entry.act,
            Text(entry.what, style="" if entry.kept else "bold red"),
            "" if entry.after_s is None else f"{entry.after_s:.1f} s",
        )
        act = entry.act
    console.print(table)
    console.print(counts_line(counts))
    if counts:
        console.print(
            f"slowest answer {counts['slowestS']} s; by revision "
            + ", ".join(f"{name}: {count}" for name, count in counts["byRevision"].items())
        )
