"""Events of Perigee's own kinds: what users want of satellites and models."""

from typing import Any

import kopf

from perigee_operator.domain.kinds import Kind
from perigee_operator.storage.fleet import OWN_KINDS, FleetCache


def register(registry: kopf.OperatorRegistry, fleet: FleetCache) -> None:
    """Hands every event to the fleet's cache, which wakes the planner."""
    for kind in OWN_KINDS:
        _register(registry, kind, fleet)


def _register(registry: kopf.OperatorRegistry, kind: Kind, fleet: FleetCache) -> None:
    @kopf.on.event(kind.group, kind.version, kind.plural, registry=registry, id=kind.plural)
    async def observe(event: kopf.RawEvent, **_: Any) -> None:
        fleet.observe(kind, event["type"], event["object"])
