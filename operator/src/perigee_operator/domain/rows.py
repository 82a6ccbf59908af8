"""Which satellites are not as they were: a large fleet as a table, with a row for each.

From one look to the next few cells become others. The interpreter compares lists by identity
first, at some 10 ns a cell, where a loop over the rows would take a microsecond for each.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

V = TypeVar("V")

PORTION: Final = 64
"""Of rows that are compared at once."""

_NEW: Final = object()
"""What was in a row that there was not."""


class Rows:
    """Remembers a table: it is told what it is now, and tells what has changed."""

    def __init__(self) -> None:
        self._keys: Sequence[str] = ()
        self._columns: tuple[Sequence[object], ...] = ()

    def changed(self, keys: Sequence[str], *columns: Sequence[object]) -> list[int]:
        """The rows that are new, or of which a cell is another than in the last look.

        Args:
            keys: what each row is of, each once; rows may have changed places.
            columns: of the same length each.

        Returns:
            Their indices, from the first to the last.
        """
        before = self._columns if self._keys == keys else self._rearranged(keys)
        self._keys, self._columns = keys, columns
        if len(before) != len(columns):
            return list(range(len(keys)))
        rows: set[int] = set()
        for old, new in zip(before, columns, strict=True):
            rows.update(_others(old, new))
        return sorted(rows)

    def forget(self) -> None:
        """All rows are to be looked at anew."""
        self._keys, self._columns = (), ()

    def _rearranged(self, keys: Sequence[str]) -> tuple[Sequence[object], ...]:
        places = {key: row for row, key in enumerate(self._keys)}
        rows = [places.get(key) for key in keys]
        return tuple(
            [_NEW if row is None else column[row] for row in rows] for column in self._columns
        )


def _others(old: Sequence[object], new: Sequence[object]) -> Iterator[int]:
    if old is new:
        return
    for first in range(0, len(new), PORTION):
        before, now = old[first : first + PORTION], new[first : first + PORTION]
        if before != now:
            yield from (first + n for n, cell in enumerate(now) if before[n] != cell)


def arranged(values: dict[str, V], keys: Sequence[str]) -> dict[str, V]:
    """The values of these keys, in this order, and of no others; the same, if that is so already.

    Args:
        values: one for each of the keys at least.
        keys: likewise.
    """
    return values if [*values] == keys else {key: values[key] for key in keys}
