"""``perigee-operator satellites``: SatelliteNodes from files of orbital elements."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml

from perigee_api import names
from perigee_operator.commands.files import satellites_in
from perigee_operator.formats.record import Record

NAME_LIMIT: Final = 63

EXAMPLE: Final = "For example: perigee-operator satellites fleet.json | kubectl apply -f -"

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="Orbital elements: OMM in JSON, XML or KVN, or TLE with or without names. "
        "- is standard input.",
        show_default=False,
    ),
]


def satellites(files: Files) -> None:
    """Write SatelliteNodes for the satellites in files of orbital elements.

    Each gets the name that the file has for it, as Kubernetes can take it, or else its catalogue
    number. The file may be what a catalogue publishes, such as CelesTrak's GP data.

    A record that makes no sense is told on standard error with its field; the others are written
    all the same, and the command ends with status 1.
    """
    found, sound = satellites_in(files)
    if found:
        text = yaml.safe_dump_all(manifests(found), sort_keys=False, width=100, allow_unicode=True)
        typer.echo(text, nl=False)
    raise typer.Exit(0 if sound else 1)


def manifests(records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """A SatelliteNode each; no two have the same name."""
    taken: set[str] = set()
    for record in records:
        name = _name(record, taken)
        taken.add(name)
        yield {
            "apiVersion": names.API_VERSION,
            "kind": "SatelliteNode",
            "metadata": {"name": name},
            "spec": {
                "orbit": record.orbit.model_dump(mode="json", by_alias=True, exclude_unset=True)
            },
        }


def _name(record: Record, taken: set[str]) -> str:
    number = "" if record.number is None else str(record.number)
    own = _slug(record.name) or f"sat-{number}".rstrip("-")
    if own in taken and number and record.name:
        own = f"{own[: NAME_LIMIT - len(number) - 1].rstrip('-')}-{number}"
    candidate, count = own, 2
    while candidate in taken:
        candidate, count = f"{own[: NAME_LIMIT - 8]}-{count}", count + 1
    return candidate


def _slug(text: str) -> str:
    """As the name of a resource."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words[:NAME_LIMIT].rstrip("-")
