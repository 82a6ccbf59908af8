"""What the blocks that satellites tell come to, for each model whose status asks for it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from perigee_operator.domain.fleet import ModelView
from perigee_operator.services.served_book import Served


class Entry(Protocol):
    """What is found of one model."""

    def take(self, served: Served) -> None:
        """One more block, if it has to do with it."""


E = TypeVar("E", bound=Entry)
F = TypeVar("F")


class BlockBook(Generic[E, F]):
    """One entry a model, block by block.

    It goes on from what the status has kept: an operator that was restarted loses a minute of
    blocks at most, beside those that had ended before it began.

    Args:
        entry: that of a model, given the one of the last time; None: nothing is asked for.
        found: what was found, as an entry has it.
    """

    def __init__(
        self, entry: Callable[[ModelView, E | None], E | None], found: Callable[[E], F]
    ) -> None:
        self._entry, self._found = entry, found
        self._entries: dict[str, E] = {}

    def of(
        self, models: Iterable[ModelView], served: Mapping[str, tuple[Served, ...]]
    ) -> Mapping[str, F]:
        """What was found by now, by the model's uid; what is not asked for is forgotten.

        Args:
            models: all of them.
            served: what satellites have told since the last time, likewise.
        """
        known, self._entries = self._entries, {}
        for model in models:
            entry = self._entry(model, known.get(model.uid))
            if entry is None:
                continue
            self._entries[model.uid] = entry
            for each in served.get(model.uid, ()):
                entry.take(each)
        return {uid: self._found(entry) for uid, entry in self._entries.items()}
