"""Reads contact plans: a file of one's own, or the manifests that Perigee is given."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from perigee_api.satellite_node import ContactWindow, Orbit
from perigee_lab.errors import LabError
from perigee_lab.play.due import Plan
from perigee_lab.play.windows import ALWAYS, Window, Windows

FORM: Final = (
    "a plan is `satellites: {sat-1: [{start: 0, end: 90, every: 150}]}`, in seconds from the start "
    "or times such as 2026-03-01T12:00:00Z, or a SatelliteNode with spec.orbit.contacts"
)


def _moment(value: object) -> float | datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is neither seconds nor a time")
    return float(value)


Moment = Annotated[float | datetime, BeforeValidator(_moment)]
"""Seconds from the start, or a time; UTC, if it names no time zone."""


class PlannedWindow(BaseModel):
    """A window of a plan of one's own."""

    model_config = ConfigDict(extra="forbid")

    start: Moment
    end: Moment
    every: float | None = None
    until: Moment | None = None


class PlanDocument(BaseModel):
    """A plan of one's own."""

    model_config = ConfigDict(extra="forbid")

    satellites: dict[str, list[PlannedWindow]]


_SATELLITE_NODE: Final = "SatelliteNode"
_ORBIT: Final = TypeAdapter(Orbit)


def read_plan(path: Path, start: datetime) -> Plan:
    """Reads a file, YAML or JSON.

    Args:
        path: of the file; of manifests in it, all that are no SatelliteNodes are passed over.
        start: when the plan's clock shows 0.

    Raises:
        LabError: it cannot be read, or is no plan.
    """
    try:
        documents = list(yaml.safe_load_all(path.read_text()))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{path} cannot be read: {error}") from error
    try:
        found = list(_satellites(documents, start))
    except ValidationError as error:
        raise LabError(f"{path}: {_first(error)}; {FORM}") from error
    except ValueError as error:
        raise LabError(f"{path}: {error}; {FORM}") from error
    if not found:
        raise LabError(f"{path}: it has no satellite; {FORM}")
    names = [name for name, _ in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise LabError(f"{path}: there are two plans for {', '.join(sorted(twice))}")
    return dict(found)


def _satellites(documents: Sequence[Any], start: datetime) -> Iterator[tuple[str, Windows]]:
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, dict):
            raise ValueError(f"{str(document)[:40]!r} is no plan")  # noqa: TRY004 - of a file's text
        if "kind" not in document:
            own = PlanDocument.model_validate(document).satellites
            for name, windows in own.items():
                yield name, tuple(_window(name, each, start) for each in windows)
        elif document["kind"] == "List":
            items = document.get("items")
            if not isinstance(items, list):
                raise ValueError("the items of a List are no list")
            yield from _satellites(items, start)
        elif document["kind"] == _SATELLITE_NODE:
            yield _of_manifest(document, start)


def windows_of(name: str, orbit: Orbit, start: datetime) -> Windows | None:
    """When a satellite is in contact, as its manifest says without a computation.

    Args:
        name: of the satellite, for the error's text.
        orbit: of its spec.
        start: when the windows' clock shows 0.

    Returns:
        None where nobody has said, or has given elements.

    Raises:
        ValueError: a window makes no sense.
    """
    if orbit.fixed is not None:
        return ALWAYS
    if orbit.contacts is None:
        return None
    return tuple(_window(name, _planned(each), start) for each in orbit.contacts)


def _of_manifest(manifest: dict[str, Any], start: datetime) -> tuple[str, Windows]:
    try:
        spec, name = manifest["spec"], manifest["metadata"]["name"]
        given = spec["orbit"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a {_SATELLITE_NODE} lacks {error}") from error
    node = str(spec.get("nodeName") or name)
    windows = windows_of(name, _ORBIT.validate_python(given), start)
    if windows is None:
        raise ValueError(f"{name} has no spec.orbit.contacts: only a supplied plan can be played")
    return node, windows


def _planned(contact: ContactWindow) -> PlannedWindow:
    return PlannedWindow(
        start=contact.start, end=contact.end, every=contact.every, until=contact.until
    )


def _window(name: str, planned: PlannedWindow, start: datetime) -> Window:
    start_s, end_s = _seconds(planned.start, start), _seconds(planned.end, start)
    where = f"{name}, window from {planned.start}"
    if end_s <= start_s:
        raise ValueError(f"{where}: end must be later than start")
    if planned.every is None:
        if planned.until is not None:
            raise ValueError(f"{where}: until needs every")
        return Window(start_s, end_s)
    # A comparison that is wrong also for what is no number.
    if not end_s - start_s <= planned.every < math.inf:
        raise ValueError(f"{where}: every must be at least as long as the window")
    until_s = None if planned.until is None else _seconds(planned.until, start)
    if until_s is not None and until_s <= start_s:
        raise ValueError(f"{where}: until must be later than start")
    return Window(start_s, end_s, planned.every, until_s)


def _seconds(moment: float | datetime, start: datetime) -> float:
    return (moment - start).total_seconds() if isinstance(moment, datetime) else moment


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    where = ".".join(map(str, found["loc"]))
    return f"{where}: {found['msg']}" if where else found["msg"]
