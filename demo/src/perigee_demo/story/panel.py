"""The constellation at a moment, drawn: contacts, phases, copies, requests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from perigee_api.inference_model import InferenceModelStatus
from perigee_api.satellite_node import SatellitePhase
from perigee_demo.cluster import Objects
from perigee_demo.story.traffic_process import Counts
from perigee_demo.story.views import Container, contacts, copies, model_status, phases, serving
from perigee_lab.play.timeline import Bars, Row

PAST_S: Final = 130.0
"""Longer than a satellite of the demo is dark: when it has returned, that is still seen."""
AHEAD_S: Final = 110.0

COLOURS: Final = {
    SatellitePhase.IN_CONTACT: "green",
    SatellitePhase.EXPECTED_DARK: "blue",
    SatellitePhase.SUSPECT: "yellow",
    SatellitePhase.MISSED_CONTACT: "yellow",
    SatellitePhase.LOST: "red",
}
LONGEST_PHASE: Final = max(map(len, SatellitePhase))
DIGITS: Final = 8
"""Of a container's id: as many as tell containers apart."""


@dataclass(slots=True)
class Seen:
    """What the API server and the client have told last."""

    satellites: Objects = ()
    models: Objects = ()
    endpoints: Objects = ()
    pods: Objects = ()


def panel(seen: Seen, counts: Counts, now: datetime) -> Panel:
    """All there is to see, framed."""
    inside = constellation(seen, counts, now)
    return Panel(inside, title="constellation", title_align="left", border_style="dim")


def constellation(seen: Seen, counts: Counts, now: datetime) -> Group:
    """All there is to see."""
    parts: list[RenderableType] = [model_line(model_status(seen.models)), counts_line(counts)]
    if seen.satellites:
        parts[:0] = [timeline(seen, now), Text(), work_table(seen, counts), Text()]
    return Group(*parts)


def timeline(seen: Seen, now: datetime) -> Bars:
    """Each satellite's contacts: those that were, the one that is, those to come."""
    windows, now_s = contacts(seen.satellites), now.timestamp()
    rows = [
        Row(name, Text(phase.value, style=COLOURS.get(phase, "dim")), windows[name])
        for name, phase in sorted(phases(seen.satellites).items())
    ]
    return Bars(rows, "PHASE", LONGEST_PHASE, now_s - PAST_S, now_s, now_s + AHEAD_S)


def work_table(seen: Seen, counts: Counts) -> Table:
    """A row a satellite: whether the ground asks it, how often it has answered, its containers."""
    asked, found = serving(seen.endpoints), copies(seen.pods)
    answers = counts.get("bySatellite", {})
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("SATELLITE", no_wrap=True)
    table.add_column("GROUND ASKS IT", no_wrap=True)
    table.add_column("ANSWERS", no_wrap=True, justify="right")
    table.add_column("CONTAINERS OF THE MODEL")
    for name in sorted(phases(seen.satellites)):
        containers = [one for copy in found if copy.node == name for one in copy.containers]
        table.add_row(
            name,
            Text("yes", style="green") if name in asked else Text("no", style="dim"),
            str(answers.get(name, 0)),
            "\n".join(map(container_text, containers)),
        )
    return table


def container_text(container: Container) -> str:
    """Which one it is, since when, and how often there was another one before."""
    times = "once" if container.restarts == 1 else f"{container.restarts} times"
    restarted = f", restarted {times}" if container.restarts else ""
    if not container.since:
        return f"starts{restarted}"
    since = datetime.fromisoformat(container.since)
    return f"{container.id[:DIGITS]} since {since:%H:%M:%S}{restarted}"


def model_line(status: InferenceModelStatus) -> Text:
    """The model's phase and revisions."""
    parts = [f"model {status.phase.value}, stable {status.stable_revision or 'none'}"]
    if status.candidate_revision:
        parts.append(f"candidate {status.candidate_revision} at {status.weight} %")
    return Text(", ".join(parts))


def counts_line(counts: Counts) -> Text:
    """Requests so far."""
    if not counts:
        return Text("no requests yet", style="dim")
    failed = counts["failed"]
    return Text.assemble(
        f"requests: {counts['sent']} sent, {counts['answered']} answered, ",
        (f"{failed} failed", "bold red" if failed else "green"),
        f", {counts['retried']} at the second try",
    )
