"""What all views have in common."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import compress, count
from operator import is_not
from typing import Any, Final, Generic, TypeVar

import structlog
from pydantic import BaseModel, ValidationError

from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.odd import UnviewableError, rows, table, text
from perigee_operator.domain.workloads.quantity import Amounts, thousandths
from perigee_operator.domain.writes import Json

V = TypeVar("V")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object."""

    name: str
    namespace: str | None
    uid: str
    version: str
    """The resourceVersion."""


def identity(item: Json) -> Identity:
    """Which object it is.

    Raises:
        UnviewableError: it does not say.
    """
    metadata = table(item.get("metadata"))
    own = Identity(
        name=text(metadata.get("name")),
        namespace=text(metadata.get("namespace")) or None,
        uid=text(metadata.get("uid")),
        version=text(metadata.get("resourceVersion")),
    )
    if not (own.name and own.uid):
        message = "metadata names no name or no uid"
        raise UnviewableError(message)
    return own


class Views(Generic[V]):
    """Views of all objects of a kind.

    Most of a fleet does not change between two sweeps, and parsing is what costs: so what has not
    changed is not parsed again. What cannot be viewed is left out, and told once; so is, and is not
    told, what there is no view of.
    """

    def __init__(self, kind: Kind, view: Callable[[Json], V | None]) -> None:
        self.kind: Final = kind
        self._view = view
        self._given: Collection[Json] = ()
        self._items: tuple[Json, ...] = ()
        self._seen: list[V | None] = []
        """Of each of the items; None of those that cannot be viewed."""
        self._views: tuple[V, ...] = ()
        self._log = structlog.get_logger(__name__)

    def of(self, items: Collection[Json]) -> tuple[V, ...]:
        """The views of these objects; all others are forgotten.

        Args:
            items: another collection, if one of them is another than before.
        """
        if items is self._given:
            return self._views
        self._given = items
        before, self._items = self._items, tuple(items)
        # The caches put another object in the place of one that has changed.
        others = [*compress(count(), map(is_not, before, self._items))]
        common = min(len(before), len(self._items))
        moved = {id(before[n]): self._seen[n] for n in (*others, *range(common, len(before)))}

        def seen(item: Json) -> V | None:
            return moved[id(item)] if id(item) in moved else self._viewed(item)

        for place in others:
            self._seen[place] = seen(self._items[place])
        self._seen[common:] = map(seen, self._items[common:])
        self._views = tuple(view for view in self._seen if view is not None)
        return self._views

    def _viewed(self, item: Json) -> V | None:
        try:
            return self._view(item)
        except UnviewableError as error:
            metadata = table(item.get("metadata"))
            self._log.warning(
                "an object is left out",
                kind=self.kind.name,
                namespace=text(metadata.get("namespace")),
                name=text(metadata.get("name")),
                reason=str(error),
            )
            return None


def parsed(model: type[M], value: Any) -> tuple[M | None, str | None]:
    """A part of a resource, or why it makes no sense: the field and what is wrong with it."""
    try:
        return model.model_validate(value), None
    except ValidationError as error:
        return None, explained(error)


def own_status(model: type[M], item: Json, types: Collection[str]) -> M:
    """A resource's status, with the conditions of these types: what others add is not ours to read.

    One that makes no sense counts as none: nobody but the operator could have written it.
    """
    status = table(item.get("status"))
    ours = [row for row in rows(status.get("conditions")) if text(row.get("type")) in types]
    ours.sort(key=lambda row: text(row.get("type")))
    found, _ = parsed(model, {**status, "conditions": ours})
    return found or model()


def explained(error: ValidationError) -> str:
    """What is wrong, in one line: each field with its fault."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)[:5]
    )


def labels_of(item: Json) -> dict[str, str]:
    """An object's labels."""
    return _texts(table(item.get("metadata")).get("labels"))


def annotations_of(item: Json) -> dict[str, str]:
    """An object's annotations."""
    return _texts(table(item.get("metadata")).get("annotations"))


def amounts_of(quantities: Any) -> Amounts:
    """How much of which resource; what is no quantity is left out."""
    found: dict[str, int] = {}
    for name, quantity in table(quantities).items():
        with suppress(ValueError):
            found[name] = thousandths(quantity if isinstance(quantity, str) else "")
    return found


def is_true(status: Json, condition: str) -> bool:
    """Whether a condition of a status holds."""
    return any(
        row.get("type") == condition and row.get("status") == "True"
        for row in rows(status.get("conditions"))
    )


def _texts(value: Any) -> dict[str, str]:
    return {key: one for key, one in table(value).items() if isinstance(one, str)}
