"""What leaves the cache when room is needed. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from perigee_edge.artifacts.held import Held


@dataclass(frozen=True, slots=True)
class Limits:
    """How much room the cache may take."""

    cache_bytes: int
    """At most so much in all artifacts, complete and partial."""
    reserve_bytes: int
    """So much stays free on the disk for everybody else."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """What to remove so that the room asked for is there."""

    remove: tuple[Held, ...]
    missing_bytes: int
    """Still too little by so much after everything removable is gone; 0 if it fits."""


def plan_eviction(
    held: Iterable[Held],
    pinned: Collection[str],
    *,
    wanted_bytes: int,
    free_bytes: int,
    limits: Limits,
) -> Eviction:
    """Choose what leaves so that `wanted_bytes` more fit into the cache and onto the disk.

    Pinned artifacts never leave. Of the others those go first that are incomplete, then those
    that were wanted least recently. When even all of them would not do, none is removed: room
    that does not suffice is no use.

    Args:
        held: What the cache holds, complete and partial.
        pinned: Digests that must stay.
        wanted_bytes: Room asked for beyond what is held.
        free_bytes: Free on the disk now.
        limits: The cache's share of the disk.
    """
    held = tuple(held)
    excess = sum(one.size_bytes for one in held) + wanted_bytes - limits.cache_bytes
    lack = wanted_bytes + limits.reserve_bytes - free_bytes
    # With nothing wanted, a disk that others have filled is no reason to throw artifacts away.
    short = max(0, excess, lack if wanted_bytes else 0)
    oldest_first = sorted(
        (one for one in held if one.sha256 not in pinned),
        key=lambda one: (one.complete, one.wanted_at, one.sha256),
    )
    remove: list[Held] = []
    for one in oldest_first:
        if short <= 0:
            break
        remove.append(one)
        short -= one.size_bytes
    if short > 0 and wanted_bytes:
        return Eviction((), short)
    return Eviction(tuple(remove), max(0, short))
