"""A resource as the API server is told of it: names, columns, subresources."""

from dataclasses import dataclass
from typing import Literal

from perigee_api.base import Schema
from perigee_api.rules import Rule

WIDE = 1
"""Priority of a column that only ``kubectl get -o wide`` shows."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of ``kubectl get``."""

    name: str
    path: str
    description: str
    type: Literal["string", "integer", "number", "boolean", "date"] = "string"
    """A ``date`` is shown as its age, so a time yet to come must be a ``string``."""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """Where ``kubectl scale`` and autoscalers read and write."""

    wanted: str
    present: str
    selector: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A custom resource."""

    kind: str
    plural: str
    short_name: str
    namespaced: bool
    description: str
    spec: type[Schema]
    status: type[Schema] | None
    name_rules: tuple[Rule, ...]
    """On the whole resource, of which CEL sees ``self.metadata.name`` beside spec and status."""
    columns: tuple[Column, ...]
    scale: Scale | None = None

    @property
    def singular(self) -> str:
        """As in ``kubectl get satellitenode``."""
        return self.kind.lower()
