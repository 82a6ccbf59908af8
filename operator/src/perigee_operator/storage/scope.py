"""What is read of the API server: a scope, a listing of it, what happens in it."""

from collections.abc import Callable
from dataclasses import dataclass

from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.writes import Json


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects of a kind, as the server selects them."""

    kind: Kind
    namespace: str | None = None
    """None: all namespaces."""
    label_selector: str | None = None
    field_selector: str | None = None
    slim: Callable[[Json], Json] | None = None
    """Leaves of an object only what is needed; None: all of it is kept."""

    @property
    def name(self) -> str:
        """For logs and metrics: ``leases/perigee-heartbeats``."""
        return self.kind.plural + ("" if self.namespace is None else f"/{self.namespace}")

    def kept(self, item: Json) -> Json:
        """What is kept of an object."""
        return item if self.slim is None else self.slim(item)


@dataclass(frozen=True, slots=True)
class Listing:
    """All objects of a scope at one moment."""

    items: tuple[Json, ...]
    """Each with apiVersion and kind, which the server leaves out in lists."""
    resource_version: str


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One line of a watch."""

    type: str
    """ADDED, MODIFIED, DELETED or BOOKMARK."""
    object: Json
