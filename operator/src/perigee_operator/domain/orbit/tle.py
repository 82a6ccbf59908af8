"""The two-line format: what stands in which columns.

Source: Space Track's documentation of the two-line format, and of Alpha-5 for catalogue numbers
from 100,000 to 339,999.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

LINE_LENGTH: Final = 69
ALPHA5: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""A stands for 10 in the first two digits, and Z for 33; I and O are left out."""
FIRST_YEAR: Final = 57
"""Years from 57 to 99 are of the 20th century."""


class TleError(Exception):
    """A line that cannot be read.

    Attributes:
        reason: for a condition, one CamelCase word.
        line: 1 or 2.
        fault: what is wrong, to be read after the line's name.
    """

    def __init__(self, reason: str, line: int, fault: str) -> None:
        super().__init__(f"line{line} {fault}")
        self.reason = reason
        self.line = line
        self.fault = fault


@dataclass(frozen=True, slots=True)
class TleFields:
    """What two lines say, in the units that they use."""

    number: int
    epoch: datetime
    inclination_deg: float
    node_deg: float
    eccentricity: float
    perigee_deg: float
    anomaly_deg: float
    mean_motion: float
    """Revolutions a day."""
    bstar: float
    """1/earth radii."""


def read_tle(line1: str, line2: str) -> TleFields:
    """What two lines say.

    Raises:
        TleError: damaged, or not of the format.
    """
    for number, line in ((1, line1), (2, line2)):
        _verify(number, line)
    if line1[2:7] != line2[2:7]:
        fault = f"is of satellite {line2[2:7].strip()}, line1 of {line1[2:7].strip()}."
        raise TleError("LinesDiffer", 2, fault)
    return TleFields(
        number=_catalogue_number(line1),
        epoch=_epoch(line1),
        inclination_deg=_number(line2, 9, 16, 180),
        node_deg=_number(line2, 18, 25, 360),
        eccentricity=_number(line2, 27, 33, 1, before="."),
        perigee_deg=_number(line2, 35, 42, 360),
        anomaly_deg=_number(line2, 44, 51, 360),
        mean_motion=_number(line2, 53, 63, 18),
        bstar=_exponential(line1, 54, 61),
    )


def checksum(line: str) -> int:
    """Checksum of a line's first 68 characters: of column 69.

    The sum of the digits, a minus sign counting as one, modulo 10.
    """
    return sum(int(c) if c in "0123456789" else c == "-" for c in line[:68]) % 10


def alpha5(text: str) -> int:
    """A catalogue number of five characters, the first of which may be a letter.

    Raises:
        ValueError: neither a number nor Alpha-5.
    """
    first, rest = text[:1], text[1:]
    if first in ALPHA5 and first:
        if len(rest) != 4 or not (rest.isascii() and rest.isdecimal()):  # noqa: PLR2004
            raise ValueError(f"no catalogue number: {text!r}")
        return (ALPHA5.index(first) + 10) * 10_000 + int(rest)
    if not (text.strip().isascii() and text.strip().isdecimal()):
        raise ValueError(f"no catalogue number: {text!r}")
    return int(text)


def _verify(number: int, line: str) -> None:
    if len(line) != LINE_LENGTH:
        fault = f"has {len(line)} characters in place of {LINE_LENGTH}."
        raise TleError("LengthWrong", number, fault)
    if line[:2] != f"{number} ":
        fault = f"begins with {line[:2]!r} in place of '{number} '."
        raise TleError("LineNumberWrong", number, fault)
    if line[68] != str(checksum(line)):
        fault = (
            f"ends in checksum {line[68]}, but its characters sum to {checksum(line)}: it was "
            "damaged in copying."
        )
        raise TleError("ChecksumWrong", number, fault)


def _catalogue_number(line1: str) -> int:
    try:
        return alpha5(line1[2:7])
    except ValueError as error:
        fault = f"has no catalogue number in columns 3 to 7: {line1[2:7]!r}."
        raise TleError("NumberUnreadable", 1, fault) from error


def _epoch(line1: str) -> datetime:
    """Columns 19 and 20 are the year, 21 to 32 the day of the year with its fraction."""
    text = line1[18:32]
    try:
        year, day = int(text[:2]), float(text[2:])
        start = datetime(1900 + year if year >= FIRST_YEAR else 2000 + year, 1, 1, tzinfo=UTC)
        return start + timedelta(days=day - 1)
    except (ValueError, OverflowError) as error:
        fault = f"has no epoch in columns 19 to 32: {text!r}."
        raise TleError("EpochUnreadable", 1, fault) from error


def _number(line2: str, first: int, last: int, highest: float, before: str = "") -> float:
    text = line2[first - 1 : last]
    try:
        value = float(before + text.strip().replace(" ", "0") if before else text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= highest:
        raise _unreadable(2, first, last, f"number from 0 to {highest:g}", text)
    return value


def _exponential(line1: str, first: int, last: int) -> float:
    """As in ``-11606-4``, which is -0.11606e-4."""
    text = line1[first - 1 : last]
    sign = -1 if text[0] == "-" else 1
    try:
        return sign * float(f".{text[1:6].strip()}e{text[6:]}")
    except ValueError as error:
        raise _unreadable(1, first, last, "number", text) from error


def _unreadable(line: int, first: int, last: int, what: str, text: str) -> TleError:
    fault = f"has no {what} in columns {first} to {last}: {text!r}."
    return TleError("ElementsUnreadable", line, fault)
