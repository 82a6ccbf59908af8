"""Unit files as text; systemd.syntax(7) and systemd.unit(5) describe them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perigee_lab.errors import LabError

_SECTION: Final = re.compile(r"\[([A-Za-z]+)\]")
_NAME: Final = re.compile(r"([^@]+)@([^@]+)\.([a-z]+)")

Settings = dict[str, tuple[str, ...]]
"""Values by directive, in order; one that was set to nothing has none."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An instance of a template."""

    name: str
    sections: dict[str, Settings]

    def settings(self, section: str) -> Settings:
        """One section's; empty where there is none."""
        return self.sections.get(section, {})


def parse(text: str, instance: str) -> dict[str, Settings]:
    """The sections of a unit file.

    Args:
        text: of the file.
        instance: what `%i` stands for; other specifiers are refused.

    Raises:
        LabError: it is none.
    """
    sections: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] | None = None
    for line in map(str.strip, text.replace("\\\n", " ").splitlines()):
        if not line or line[0] in "#;":
            continue
        if found := _SECTION.fullmatch(line):
            current = sections.setdefault(found[1], {})
            continue
        key, separator, value = line.partition("=")
        if current is None or not separator:
            raise LabError(f"no line of a unit file: {line!r}")
        values = current.setdefault(key.strip(), [])
        if value.strip():
            values.append(_specified(value.strip(), instance))
        else:
            values.clear()
    return {
        section: {key: tuple(values) for key, values in settings.items()}
        for section, settings in sections.items()
    }


def load(directory: Path, name: str) -> Unit:
    """An instance, from the file of its template and the drop-ins of its own.

    Args:
        directory: of the unit files.
        name: such as ``perigee-standalone@default.cloud-mask.path``.

    Raises:
        LabError: there is no such file, or it is none.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise LabError(f"{name} is no instance of a template; the lab knows only those")
    file = directory / f"{found[1]}@.{found[3]}"
    try:
        text = file.read_text()
    except FileNotFoundError as error:
        raise LabError(f"{name} has no unit file {file}") from error
    drop_ins = sorted((directory / f"{name}.d").glob("*.conf"))
    texts = (text, *(each.read_text() for each in drop_ins))
    return Unit(name, parse("\n".join(texts), found[2]))


def enabled(directory: Path, target: str = "paths.target") -> list[str]:
    """Names of the units that a target wants."""
    wants = directory / f"{target}.wants"
    return sorted(path.name for path in wants.iterdir()) if wants.is_dir() else []


def _specified(value: str, instance: str) -> str:
    filled = value.replace("%i", instance)
    if "%" in filled:
        raise LabError(f"the lab knows no specifier but %i: {value!r}")
    return filled
