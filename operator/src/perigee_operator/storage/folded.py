"""Objects as caches keep them: packed, since nobody looks at them until they change."""

import json
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from sys import intern
from typing import Any, Final

_LEVEL: Final = 1
"""The fastest: an object becomes a tenth of what it takes as dictionaries."""
SHARED_CHARACTERS: Final = 96
"""Longer texts are seldom those of another object, too."""
OPEN: Final = 2048
"""So many objects are kept unpacked, those that were asked for last."""


class Folded(Mapping[str, Any]):
    """An object as packed text, which reads like the object itself.

    Args:
        item: of JSON's own types.
    """

    __slots__ = ("_packed",)

    def __init__(self, item: Mapping[str, Any]) -> None:
        self._packed: Final = zlib.compress(json.dumps(item).encode(), _LEVEL)

    def __getitem__(self, key: str) -> Any:
        """A part of it, which nobody may change."""
        return _unfolded(self._packed)[key]

    def __iter__(self) -> Iterator[str]:
        """Over its keys."""
        return iter(_unfolded(self._packed))

    def __len__(self) -> int:
        """Of its keys."""
        return len(_unfolded(self._packed))

    def __repr__(self) -> str:
        """As the object."""
        return repr(_unfolded(self._packed))


@lru_cache(maxsize=OPEN)
def _unfolded(packed: bytes) -> dict[str, Any]:
    """An object that has to do with a rollout is read often."""
    found: dict[str, Any] = _shared(json.loads(zlib.decompress(packed)))
    return found


def _shared(value: Any) -> Any:
    """The same; texts that are those of many objects are the very same in all of them.

    Views hold on to them: keys, and reasons, phases and names as well.
    """
    if isinstance(value, dict):
        return {intern(key): _shared(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shared(each) for each in value]
    if isinstance(value, str) and len(value) <= SHARED_CHARACTERS:
        return intern(value)
    return value
