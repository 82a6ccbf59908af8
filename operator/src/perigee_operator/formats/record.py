"""What a file of orbital elements has in it, satellite by satellite."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from perigee_api.orbit import Orbit, OrbitMeanElements

UNDERSTOOD: Final = {
    "TIME_SYSTEM": frozenset({"UTC"}),
    "REF_FRAME": frozenset({"TEME"}),
    "MEAN_ELEMENT_THEORY": frozenset({"SGP4", "SGP/SGP4"}),
    "CENTER_NAME": frozenset({"EARTH"}),
}
"""What a message may say of how its elements are meant; what it leaves out is taken for that."""


@dataclass(frozen=True, slots=True)
class Record:
    """A satellite in a file."""

    where: str
    """For a person: which record of which file."""
    name: str
    """As the file has it; empty if it has none."""
    number: int | None
    """In the catalogue."""
    orbit: Orbit


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that makes no sense."""

    where: str
    message: str
    """Which field, and what is wrong with it."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def of_keywords(keywords: Mapping[str, Any], where: str) -> Record | Fault:
    """The record that the keywords of an Orbit Mean-Elements Message make."""
    given = {key: value for key, value in keywords.items() if value is not None and value != ""}
    name = str(given.get("OBJECT_NAME", ""))
    where = f"{where} ({name})" if name else where
    for key, understood in UNDERSTOOD.items():
        said = str(given.get(key, "")).upper()
        if said and said not in understood:
            return Fault(where, f"{key} is {said}; only {min(understood)} is understood")
    try:
        omm = OrbitMeanElements.model_validate(given)
    except ValidationError as error:
        return Fault(where, _explained(error))
    return Record(where, name, omm.norad_cat_id, Orbit(omm=omm))


def _explained(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
        + (f", not {fault['input']!r}" if fault["type"] != "missing" else "")
        for fault in error.errors(include_url=False)
    )
