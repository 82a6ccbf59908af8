"""Power as Kubernetes counts it: an extended resource of the Node, in whole thousandths of a watt.

The scheduler then keeps the budget, between models too, and whatever else runs there may ask for
its share of it.
"""

import math
from typing import Final

from perigee_api import names

_FINEST: Final = 1000
"""Of a watt."""


def milliwatts(watts: float) -> int:
    """So many, rounded up."""
    # What is written as 0.3 is to be 300, though it is a little more in binary.
    return math.ceil(round(watts * _FINEST, 6))


def power(watts: float | None) -> dict[str, str]:
    """A share of it as a quantity, by the resource's name; nothing, where none is asked for."""
    return {} if watts is None else {names.POWER_RESOURCE: str(milliwatts(watts))}
