"""Many events in order of time, without a Python object for each of them at once."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats, Indices

_AT_ONCE: Final = 100_000

Column = tuple[Floats, Indices, Indices, Indices]
"""Events of one origin: when, their kind, the satellite's number, and their own numbers."""

Event = tuple[float, int, int, int]
"""When, its kind, the satellite's number, and its own number."""


def column(times_s: Sequence[float] | Floats, kind: int, satellite: int) -> Column:
    """Events of one kind and one satellite, numbered as they come."""
    count = len(times_s)
    return (
        np.asarray(times_s, dtype=np.float64),
        np.full(count, kind, dtype=np.intp),
        np.full(count, satellite, dtype=np.intp),
        np.arange(count),
    )


def in_time(columns: Sequence[Column]) -> Iterator[Event]:
    """All events in order of time; at one moment, those of the lower kind first."""
    arrays: list[Any] = [np.concatenate(column) for column in zip(*columns, strict=True)]
    order = np.lexsort((arrays[2], arrays[1], arrays[0]))
    for first in range(0, len(order), _AT_ONCE):
        part = order[first : first + _AT_ONCE]
        yield from zip(*(array[part].tolist() for array in arrays), strict=True)
