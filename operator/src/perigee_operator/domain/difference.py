"""Whether an object already is as Perigee wants it."""

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final

_SCALARS: Final = (str, int, float, NoneType)
"""What most of an object is made of; told apart first, since to ask for a Mapping takes long."""


def holds(observed: Any, wanted: Any) -> bool:
    """Whether all that is wanted is found in what is observed.

    What the API server or others added does not count as a difference. Lists have to agree in
    length, since an element too many is one that Perigee does not want.
    """
    if isinstance(wanted, _SCALARS):
        return bool(observed == wanted)
    if isinstance(wanted, Mapping):
        return isinstance(observed, Mapping) and all(
            key in observed and holds(observed[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, Sequence):
        return (
            isinstance(observed, Sequence)
            and len(observed) == len(wanted)
            and all(map(holds, observed, wanted))
        )
    return bool(observed == wanted)
