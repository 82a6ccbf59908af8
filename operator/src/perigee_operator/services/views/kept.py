"""Values that are kept for as long as what they are made from is the same."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """One value a key, made anew only where its grounds are not what they were.

    Whoever compares two snapshots can tell by identity what has changed between them.
    """

    def __init__(self) -> None:
        self._before: dict[Hashable, tuple[tuple[object, ...], V]] = {}
        self._known: dict[Hashable, tuple[tuple[object, ...], V]] = {}

    def begin(self) -> None:
        """Another round begins: what is not asked for in it is forgotten."""
        self._before, self._known = self._known, {}

    def of(self, key: Hashable, make: Callable[..., V], *grounds: object) -> V:
        """What `make` makes of these grounds, or has made of them in the last round."""
        known = self._before.get(key)
        if known is None or known[0] != grounds:
            known = (grounds, make(*grounds))
        self._known[key] = known
        return known[1]
