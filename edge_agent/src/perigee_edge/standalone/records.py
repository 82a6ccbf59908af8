"""The last good revisions of a model on this satellite, on its disk."""

import json
import re
from pathlib import Path
from typing import Final

from perigee_edge.durable import replace_file
from perigee_edge.handover.served import NotServedError, Served

MOST: Final = 2
"""The one that served last, and the one before: for when the ground takes the last one back."""

_INSTANCE: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def with_newest(known: tuple[Served, ...], served: Served) -> tuple[Served, ...]:
    """The records after a verified and active revision began to serve, the newest first. Pure."""
    others = tuple(one for one in known if one.revision != served.revision)
    return (served, *others)[:MOST]


def without(known: tuple[Served, ...], revision: str) -> tuple[Served, ...]:
    """The records after a revision turned out not to be good. Pure."""
    return tuple(one for one in known if one.revision != revision)


def encode(known: tuple[Served, ...]) -> bytes:
    """As the file has it. Pure."""
    return json.dumps({"version": 1, "good": [one.document() for one in known]}).encode()


def decode(content: bytes) -> tuple[Served, ...]:
    """The inverse of `encode`. Pure.

    Raises:
        NotServedError: The file holds something else.
    """
    try:
        document = json.loads(content)
        good = document["good"] if document["version"] == 1 else None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotServedError(f"no records: {error!r}") from error
    if not isinstance(good, list):
        raise NotServedError("no records: another version of them")
    return tuple(Served.read(each) for each in good[:MOST])


class Records:
    """The file of one address."""

    def __init__(self, directory: Path, instance: str) -> None:
        """Nothing is read yet.

        Args:
            directory: Of all records.
            instance: Names the address: ``<namespace>.<model>``.

        Raises:
            ValueError: That can be no file's name.
        """
        if not _INSTANCE.fullmatch(instance):
            raise ValueError(f"{instance!r} is no <namespace>.<model>")
        self._file = directory / f"{instance}.json"

    def read(self) -> tuple[Served, ...]:
        """What is known to be good, the newest first.

        Raises:
            NotServedError: The file is damaged.
            OSError: It cannot be read.
        """
        try:
            return decode(self._file.read_bytes())
        except FileNotFoundError:
            return ()

    def write(self, known: tuple[Served, ...]) -> None:
        """Put these in the place of what was known, in one step.

        Raises:
            OSError: The file is as it was.
        """
        replace_file(self._file, encode(known))


def pinned(directory: Path) -> frozenset[str]:
    """Digests of what the newest record of each address needs: never evicted from the cache.

    A record that cannot be read pins nothing: its address could not be served from it, either.

    Raises:
        OSError: The directory cannot be read.
    """
    found: set[str] = set()
    for file in directory.glob("*.json"):
        try:
            known = decode(file.read_bytes())
        except (NotServedError, FileNotFoundError):
            continue
        found.update(known[0].artifacts if known else ())
    return frozenset(found)
