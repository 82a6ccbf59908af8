"""Satellites of which nothing is to be written, and until when that is so."""

from collections.abc import Sequence
from datetime import datetime

from perigee_operator.domain.rows import Rows


class AtRest:
    """Those that have to be asked again: whose grounds have changed, or whose time has come."""

    def __init__(self) -> None:
        self._rows = Rows()
        self._until: dict[str, datetime] = {}

    def in_question(
        self, names: Sequence[str], now: datetime, *grounds: Sequence[object]
    ) -> list[int]:
        """Of which of these satellites something may be to be written.

        Args:
            names: of all satellites; all others are forgotten.
            now: the moment.
            grounds: all that it follows from, column by column.

        Returns:
            Their indices, from the first to the last.
        """
        for row in self._rows.changed(names, *grounds):
            self._until.pop(names[row], None)
        if len(self._until) > len(names):
            for name in self._until.keys() - set(names):
                del self._until[name]
        return [row for row, name in enumerate(names) if self._until.get(name, now) <= now]

    def rest(self, name: str, until: datetime) -> None:
        """Nothing is to be written of a satellite until then, on the grounds that were given."""
        self._until[name] = until
