"""``perigee-operator passes``: when satellites are in sight of ground stations."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
import yaml
from rich.console import Console
from rich.table import Table

from perigee_operator.commands.files import satellites_in
from perigee_operator.commands.satellites import Files
from perigee_operator.commands.stations import FORM, station
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.elements import Elements, elements_of
from perigee_operator.domain.orbit.prediction import predicted
from perigee_operator.domain.orbit.station import Station
from perigee_operator.domain.orbit.window import Window
from perigee_operator.formats.record import Record

EXAMPLE: Final = (
    "For example: perigee-operator passes iss.json -s weilheim=47.88,11.08,560,7 --hours 12"
)

TOGETHER: Final = 20
"""Satellites that are propagated at once."""
HOURS_LIMIT: Final = 24 * 30
PLAIN_WIDTH: Final = 120
"""Of a table that no terminal shows."""


class Output(StrEnum):
    """How passes are written."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A pass, with what it is called."""

    satellite: str
    window: Window
    open_start: bool
    """The satellite was in sight before."""
    open_end: bool
    """It is in sight still."""


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time such as 2026-03-01T12:00:00Z") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _station(text: str) -> Station:
    try:
        return station(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Stations = Annotated[
    list[Station],
    typer.Option(
        "--station",
        "-s",
        parser=_station,
        metavar=FORM,
        help="A ground station: degrees north and east, metres above the ellipsoid (0), degrees "
        "of elevation from which it sees (5). May be given several times.",
        show_default=False,
    ),
]
From = Annotated[
    datetime | None,
    typer.Option("--from", parser=_moment, metavar="TIME", help="UTC; now, if not given."),
]
Hours = Annotated[float, typer.Option(min=0.01, max=HOURS_LIMIT, help="How far to look ahead.")]


def passes(
    files: Files,
    stations: Stations,
    since: From = None,
    hours: Hours = 24,
    output: Annotated[Output, typer.Option("--output", "-o")] = Output.TABLE,
) -> None:
    """Show when satellites are in sight of ground stations.

    The satellites are those in files of orbital elements, as a catalogue publishes them. It is
    computed as the operator does for SatelliteNodes and GroundStations.

    A record that makes no sense, or elements that cannot be propagated that far, are told on
    standard error; the others are shown all the same, and the command ends with status 1.
    """
    begin = since or datetime.now(UTC)
    records, sound = satellites_in(files)
    found: list[Sighting] = []
    for record, outcome in _predicted(records, stations, begin, begin + timedelta(hours=hours)):
        if isinstance(outcome, Verdict):
            typer.echo(f"{record.where}: {outcome.message}", err=True)
            sound = False
        else:
            found.append(outcome)
    found.sort(key=lambda each: (each.window.start, each.satellite, each.window.station or ""))
    _WRITERS[output](found)
    raise typer.Exit(0 if sound else 1)


def _predicted(
    records: Sequence[Record], stations: Sequence[Station], since: datetime, until: datetime
) -> Iterator[tuple[Record, Sighting | Verdict]]:
    """The passes of each satellite, and what stands in their way."""
    sound: list[tuple[Record, Elements]] = []
    for record in records:
        elements = elements_of(record.orbit, since)
        if isinstance(elements, Verdict):
            yield record, elements
        elif elements is not None:
            sound.append((record, elements))
    for first in range(0, len(sound), TOGETHER):
        part = sound[first : first + TOGETHER]
        contacts = predicted([elements for _, elements in part], stations, since, until)
        for (record, elements), own in zip(part, contacts, strict=True):
            name = record.name or str(elements.number)
            for window in own.windows:
                ends = (window.start <= own.known_from, window.end == own.known_until)
                yield record, Sighting(name, window, *ends)
            if own.error is not None:
                yield record, own.error


def _write_table(found: Sequence[Sighting]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("SATELLITE", "STATION", "RISES (UTC)", "SETS (UTC)"):
        table.add_column(heading, no_wrap=True)
    for heading in ("LASTS", "HIGHEST"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found:
        window = each.window
        end = window.end or window.start
        table.add_row(
            each.satellite,
            window.station,
            "before" if each.open_start else f"{window.start:%Y-%m-%d %H:%M:%S}",
            "after" if each.open_end else f"{end:%Y-%m-%d %H:%M:%S}",
            str(timedelta(seconds=round((end - window.start).total_seconds()))),
            f"{window.max_elevation_deg:.1f}°",
        )
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    Console(width=width, highlight=False).print(table if found else "No passes.")


def _rows(found: Sequence[Sighting]) -> list[dict[str, Any]]:
    return [
        {
            "satellite": each.satellite,
            "station": each.window.station,
            "start": _written(each.window.start),
            "end": _written(each.window.end or each.window.start),
            "maxElevation": each.window.max_elevation_deg,
            "guard": each.window.guard_s,
            "openStart": each.open_start,
            "openEnd": each.open_end,
        }
        for each in found
    ]


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_json(found: Sequence[Sighting]) -> None:
    typer.echo(json.dumps(_rows(found), indent=2, ensure_ascii=False))


def _write_yaml(found: Sequence[Sighting]) -> None:
    typer.echo(yaml.safe_dump(_rows(found), sort_keys=False, allow_unicode=True), nl=False)


_WRITERS: Final = {
    Output.TABLE: _write_table,
    Output.JSON: _write_json,
    Output.YAML: _write_yaml,
}
