"""Quantities as the API server writes them: an object can be compared with what was asked."""

import re
from decimal import ROUND_CEILING, Decimal

_FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|Ki|M|Mi|G|Gi|T|Ti)?")
_DECIMAL = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "m": -3}
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


def _largest(value: Decimal, suffixes: dict[str, int], base: int) -> str:
    if value == 0:
        return "0"
    scaled = ((s, value / Decimal(base) ** exponent) for s, exponent in suffixes.items())
    whole = [(number, suffix) for suffix, number in scaled if number == int(number)]
    number, suffix = min(whole)
    return f"{int(number)}{suffix}"
