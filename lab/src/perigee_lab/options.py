"""Reads the options that hold several values in one."""

from collections.abc import Iterable

from perigee_lab.errors import LabError

_PARTS = 3


def comma_separated(text: str) -> list[str]:
    """The values between commas; none in an empty text."""
    return [part.strip() for part in text.split(",") if part.strip()]


def pairs_by_node(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Read NODE=KEY=VALUE texts.

    Raises:
        LabError: a text is not of that form.
    """
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        parts = text.split("=", _PARTS - 1)
        if len(parts) != _PARTS or not all(parts):
            raise LabError(f"{text!r} is not of the form NODE=KEY=VALUE, such as sat-1=color=red")
        node, key, value = parts
        found.setdefault(node, {})[key] = value
    return found
