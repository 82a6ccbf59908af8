"""What happened: each promise, whether it was kept, and after how many seconds."""

from collections.abc import Callable
from dataclasses import dataclass


class PromiseBrokenError(Exception):
    """Something that was promised did not happen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story."""

    act: str
    what: str
    """What was decided, or what happened."""
    after_s: float | None = None
    """Since what brought it about."""
    kept: bool = True
    scene: bool = False
    """The constellation is worth a look just then."""


class Journal:
    """Entries in their order; whoever listens hears each at once."""

    def __init__(self, listener: Callable[[Entry], None] | None = None) -> None:
        self.entries: list[Entry] = []
        self._listener = listener

    def write(self, entry: Entry) -> None:
        """Adds an entry."""
        self.entries.append(entry)
        if self._listener is not None:
            self._listener(entry)

    @property
    def kept(self) -> bool:
        """Whether every promise so far was kept."""
        return all(entry.kept for entry in self.entries)
