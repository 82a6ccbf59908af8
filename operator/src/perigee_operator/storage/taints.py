"""A Node's taints, of which Perigee decides on some."""

from collections.abc import Sequence
from typing import Any

from perigee_operator.domain.writes import Json, SetTaints, Taint


def changed_taints(current: Sequence[Json], write: SetTaints) -> list[Json] | None:
    """The list of taints as it is to be; None where it is so already.

    Taints that are not Perigee's, and those that stay, keep their place and their ``timeAdded``.
    """
    kept = [
        taint
        for taint in current
        if taint["key"] not in write.managed or _read(taint) in write.wanted
    ]
    missing = write.wanted - {_read(taint) for taint in kept}
    if not missing and len(kept) == len(current):
        return None
    order = sorted(missing, key=lambda taint: (taint.key, taint.effect))
    return kept + [_spell(taint) for taint in order]


def _read(taint: Json) -> Taint:
    return Taint(taint["key"], taint["effect"], taint.get("value") or "")


def _spell(taint: Taint) -> Json:
    spelt: dict[str, Any] = {"key": taint.key, "effect": taint.effect}
    return spelt | ({"value": taint.value} if taint.value else {})
