"""``perigee-operator simulate``: liveness and failover, tried in virtual time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress as Bars

from perigee_operator.simulation.chart import chart
from perigee_operator.simulation.document import document
from perigee_operator.simulation.places import MOST
from perigee_operator.simulation.play import Policy, Results, Stage, play
from perigee_operator.simulation.report import as_json, markdown, table
from perigee_operator.simulation.scenario import Scenario
from perigee_operator.simulation.truth import Progress

EXAMPLE: Final = (
    "For example: perigee-operator simulate --satellites 50 --stations 3 --days 3 --loss 0.2. "
    "The defaults take about a minute; the figures in docs/simulation.md are those of --satellites "
    "1000 --days 30 with --loss 0.01, 0.05 and 0.2."
)

PLAIN_WIDTH: Final = 160
"""Of a table that no terminal shows."""

LOSSES: Final = [0.05]
POLICIES: Final = list(Policy)
_DEFAULTS: Final = Scenario()


class Output(StrEnum):
    """How results are written."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


Losses = Annotated[
    list[float],
    typer.Option(min=0, max=0.99, help="Share of the heartbeats that are lost. Several times."),
]
Policies = Annotated[
    list[Policy], typer.Option("--policy", help="Who decides. May be given several times.")
]
Plot = Annotated[
    Path | None,
    typer.Option(metavar="FILE.svg", help="Draw the figures of the middle loss, as SVG."),
]
Page = Annotated[
    Path | None,
    typer.Option(
        "--document", metavar="FILE.md", help="Write a page on it, with what defaults rest on."
    ),
]


def simulate(  # noqa: PLR0913, PLR0917 - these are the command's options
    satellites: Annotated[int, typer.Option(min=20, max=10_000)] = 200,
    stations: Annotated[int, typer.Option(min=1, max=MOST, help="Ground stations.")] = 10,
    days: Annotated[float, typer.Option(min=2.5, max=365)] = 7,
    loss: Losses = LOSSES,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same figures.")] = 1,
    policy: Policies = POLICIES,
    missed_passes: Annotated[
        int, typer.Option(min=1, max=100, help="Perigee's missedPasses.")
    ] = _DEFAULTS.missed_passes,
    lost_after: Annotated[
        float, typer.Option(min=30, max=86_400, help="Perigee's lostAfter, in seconds.")
    ] = _DEFAULTS.lost_after_s,
    phi_threshold: Annotated[
        float, typer.Option(min=0.1, max=64, help="Perigee's phiThreshold.")
    ] = _DEFAULTS.phi_threshold,
    output: Annotated[Output, typer.Option("--output", "-o")] = Output.TABLE,
    plot: Plot = None,
    page: Page = None,
) -> None:
    """Play a constellation in virtual time, and see who is given up, rightly or not.

    Satellites in low orbit rise and set over ground stations; heartbeats are lost, elements age,
    stations fail, satellites reboot and die. Perigee's own code judges what is heard, beside the
    rules of stock Kubernetes and a fixed tolerance of silence (10 min, 24 h), all over the same
    truth.

    A false failover is a verdict on a satellite that lives. Copy-hours short are hours for which a
    wanted copy of a model did not serve; the plot and JSON have them hour by hour, too.
    """
    scenario = Scenario(
        satellites=satellites,
        stations=stations,
        days=days,
        seed=seed,
        missed_passes=missed_passes,
        lost_after_s=lost_after,
        phi_threshold=phi_threshold,
    )
    with _stages() as stage:
        results = play(scenario, loss, policy, stage)
        text = document(results, _command(), stage) if page is not None else ""
    if page is not None:
        page.write_text(text, encoding="utf-8")
    if plot is not None:
        plot.write_text(chart(results, sorted(loss)[len(loss) // 2]), encoding="utf-8")
    _write(results, output)


def _write(results: Results, output: Output) -> None:
    match output:
        case Output.JSON:
            typer.echo(as_json(results))
        case Output.MARKDOWN:
            typer.echo(markdown(results))
        case Output.TABLE:
            width = None if sys.stdout.isatty() else PLAIN_WIDTH
            Console(width=width, highlight=False).print(table(results))


@contextmanager
def _stages() -> Iterator[Stage]:
    """Bars on standard error while it is a terminal."""
    console = Console(stderr=True)
    with Bars(console=console, transient=True, disable=not console.is_terminal) as bars:

        def stage(name: str) -> Progress:
            task = bars.add_task(name, total=1.0)
            return lambda share: bars.update(task, completed=share)

        yield stage


def _command() -> str:
    """As it was given, but for where files are written."""
    kept = [word for word in sys.argv[1:] if not word.startswith(("--document", "--plot"))]
    return " ".join(("perigee-operator", *kept))
