"""Quantities in the spelling of the API server, for comparing; and as amounts, for adding up."""

import math
import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

Amounts = Mapping[str, int]
"""In thousandths, by the name of a resource: cores, bytes, devices."""

NOTHING: Final[Amounts] = MappingProxyType({})

_FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|Ki|M|Mi|G|Gi|T|Ti)?")
_ANY_FORM = re.compile(
    r"([+-]?(?:[0-9]{1,32}(?:\.[0-9]{0,32})?|\.[0-9]{1,32}))"
    r"(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)"
)
"""All that Kubernetes takes, but for figures that no machine has."""
_DECIMAL = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "m": -3}
_ANY_DECIMAL = {**_DECIMAL, "u": -6, "n": -9}
_BINARY = {"": 0, "Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_FINEST = Decimal("0.001")
"""What is finer is rounded up, as the API server does with resources of a container."""


def canonical(quantity: str) -> str:
    """The same quantity in canonical form: ``0.5`` becomes ``500m``, ``1024Mi`` becomes ``1Gi``.

    No fraction is left, and the suffix is the largest with which that is so. Source: Kubernetes'
    API reference, type Quantity.

    Raises:
        ValueError: not a quantity of the form that the API allows.
    """
    found = _FORM.fullmatch(quantity)
    if found is None:
        raise ValueError(f"{quantity!r} is not a quantity")
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix.endswith("i"):
        value = (number * 2 ** _BINARY[suffix]).quantize(_FINEST, ROUND_CEILING)
        # Below 1,024, and where a fraction is left, the binary form gives way to the decimal one.
        if value >= 1024 and value == value.to_integral_value():  # noqa: PLR2004
            return _largest(value, _BINARY, 2)
    else:
        value = number * Decimal(10) ** _DECIMAL[suffix]
    return _largest(value.quantize(_FINEST, ROUND_CEILING), _DECIMAL, 10)


@lru_cache(maxsize=4096)
def thousandths(quantity: str) -> int:
    """How much a quantity is, as anybody may write it; what is finer is rounded up.

    Raises:
        ValueError: not a quantity.
    """
    found = _ANY_FORM.fullmatch(quantity)
    if found is None:
        raise ValueError(f"{quantity!r:.60} is not a quantity")
    number, exponent, suffix = Decimal(found[1]), found[2], found[3] or ""
    if suffix.endswith("i"):
        number *= 2 ** _BINARY[suffix]
    else:
        power = int(exponent) if exponent else _ANY_DECIMAL[suffix]
        number = number.scaleb(power)
    return math.ceil(number * 1000)


def spelt(amount: int, *, binary: bool) -> str:
    """So many thousandths, in canonical form; less than nothing is nothing."""
    value = Decimal(max(0, amount)) / 1000
    if binary and value >= 1024:  # noqa: PLR2004
        return _largest(value, _BINARY, 2)
    return _largest(value, {s: e for s, e in _DECIMAL.items() if e <= 0}, 10)


def _largest(value: Decimal, suffixes: dict[str, int], base: int) -> str:
    if value == 0:
        return "0"
    scaled = ((s, value / Decimal(base) ** exponent) for s, exponent in suffixes.items())
    whole = [(number, suffix) for suffix, number in scaled if number == int(number)]
    number, suffix = min(whole)
    return f"{int(number)}{suffix}"
