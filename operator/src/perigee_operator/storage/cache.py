"""The objects of one kind, as last seen."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Final

from perigee_operator.domain.writes import Json
from perigee_operator.storage.kept import folded
from perigee_operator.storage.scope import Listing

MAX_TOMBSTONES: Final = 4096
"""Deletions remembered; an answer that is late by more than so many deletions is not expected."""


class Origin(StrEnum):
    """How an object came to be known."""

    LISTED = "Listed"
    """It was there at some time before."""
    STREAMED = "Streamed"
    """It happened now."""
    ANSWERED = "Answered"
    """The answer to a write or a read of one object."""


@dataclass(frozen=True, slots=True)
class Change:
    """An object came, became another, or went."""

    object: Json
    origin: Origin
    removed: bool = False


Name = tuple[str | None, str]
"""Namespace, if any, and name."""


@dataclass(frozen=True, slots=True)
class _Entry:
    object: Json
    uid: str
    version: str
    """The resourceVersion."""
    at: int
    """The cache's own count when it came."""


@dataclass(frozen=True, slots=True)
class _Tombstone:
    version: int | None
    """None: gone for good, whatever version is shown later."""
    at: int


class Cache:
    """Objects by namespace and name; nobody changes an object that is in here.

    A watch and the answers to writes feed it at once, so it never lets an older version of an
    object take the place of a newer one, nor a late answer bring back what was deleted meanwhile.

    Args:
        changed: called after every change, with the cache already changed, and the whole object
            unless it is gone.
        kept: what of an object is kept.
    """

    def __init__(
        self,
        changed: Callable[[Change], None] = lambda _: None,
        kept: Callable[[Json], Json] = folded,
    ) -> None:
        self._changed = changed
        self._kept = kept
        self._entries: dict[Name, _Entry] = {}
        self._tombstones: dict[str, _Tombstone] = {}
        self._count = 0
        self._values: tuple[Json, ...] | None = None
        """All objects; None until somebody asks for them after a change."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str, namespace: str | None = None) -> Json | None:
        """The object of that name."""
        entry = self._entries.get((namespace, name))
        return None if entry is None else entry.object

    def values(self) -> Collection[Json]:
        """All objects, as they are now: the very same collection until one changes."""
        if self._values is None:
            self._values = tuple(map(_object, self._entries.values()))
        return self._values

    def upsert(self, item: Json, origin: Origin = Origin.STREAMED) -> bool:
        """Takes an object in if it is news.

        Returns:
            False for what is known already, older, or deleted meanwhile.
        """
        if not self._is_news(item):
            return False
        self._put(item)
        self._changed(Change(item, origin))
        return True

    def remove(self, item: Json, origin: Origin = Origin.STREAMED) -> None:
        """Takes an object out that left the scope: deleted, or its labels changed.

        Args:
            item: as the watch shows it, with the resourceVersion at which it left.
            origin: how that came to be known.
        """
        self._bury(item["metadata"]["uid"], _version(item))
        self._drop(item, origin)

    def forget(self, item: Json) -> None:
        """Takes an object out that the API server no longer knows: it is gone for good."""
        self._bury(item["metadata"]["uid"], None)
        self._drop(item, Origin.ANSWERED)

    def begin_listing(self) -> int:
        """To be called before a listing is asked for; hand the result to `replace`."""
        return self._count

    def replace(self, listing: Listing, begun: int) -> None:
        """Becomes what a listing shows, but for what was learnt after the listing began.

        The listing counts even where its versions are older than those known: the API server may
        have been restored from a backup.

        Args:
            listing: all objects of the scope.
            begun: what `begin_listing` returned.
        """
        listed = {_name(item): item for item in listing.items}
        gone = [
            entry.object
            for name, entry in self._entries.items()
            if name not in listed and entry.at <= begun
        ]
        for item in gone:
            self._bury(item["metadata"]["uid"], _number(listing.resource_version))
            self._drop(item, Origin.LISTED)
        for name, item in listed.items():
            self._take_listed(name, item, begun)

    def _take_listed(self, name: Name, item: Json, begun: int) -> None:
        uid = item["metadata"]["uid"]
        entry, tombstone = self._entries.get(name), self._tombstones.get(uid)
        if (entry is not None and entry.at > begun) or (
            tombstone is not None and tombstone.at > begun
        ):
            self.upsert(item, Origin.LISTED)
            return
        self._tombstones.pop(uid, None)
        if entry is None or (entry.uid, entry.version) != _identity(item):
            self._put(item)
            self._changed(Change(item, Origin.LISTED))

    def _is_news(self, item: Json) -> bool:
        uid, version = item["metadata"]["uid"], _version(item)
        tombstone = self._tombstones.get(uid)
        if tombstone is not None and (
            tombstone.version is None or version is None or version <= tombstone.version
        ):
            return False
        entry = self._entries.get(_name(item))
        if entry is None:
            return True
        known = _number(entry.version)
        if version is None or known is None:
            return _identity(item) != (entry.uid, entry.version)
        return version > known

    def _put(self, item: Json) -> None:
        self._count += 1
        self._entries[_name(item)] = _Entry(self._kept(item), *_identity(item), self._count)
        self._values = None

    def _bury(self, uid: str, version: int | None) -> None:
        self._count += 1
        self._tombstones.pop(uid, None)
        self._tombstones[uid] = _Tombstone(version, self._count)
        while len(self._tombstones) > MAX_TOMBSTONES:
            del self._tombstones[next(iter(self._tombstones))]

    def _drop(self, item: Json, origin: Origin) -> None:
        entry = self._entries.get(_name(item))
        if entry is not None and entry.uid == item["metadata"]["uid"]:
            del self._entries[_name(item)]
            self._values = None
            self._changed(Change(item, origin, removed=True))


_object = attrgetter("object")


def _name(item: Json) -> Name:
    return item["metadata"].get("namespace"), item["metadata"]["name"]


def _identity(item: Json) -> tuple[str, str]:
    return item["metadata"]["uid"], item["metadata"]["resourceVersion"]


def _version(item: Json) -> int | None:
    return _number(item["metadata"]["resourceVersion"])


def _number(resource_version: str) -> int | None:
    """A resourceVersion as a number; None where it is none, as its form is the server's own."""
    return int(resource_version) if resource_version.isdecimal() else None
