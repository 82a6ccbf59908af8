"""Leaves the cluster clean: no Node keeps a label or a taint that the operator put there."""

import structlog

from perigee_operator.domain.kinds import NODE
from perigee_operator.domain.projection import leaving_writes
from perigee_operator.domain.writes import Track
from perigee_operator.services.views.nodes import node_view
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.mode import Mode
from perigee_operator.storage.outcomes import TrackOutcome
from perigee_operator.storage.scope import Scope
from perigee_operator.storage.writer import Writer


async def leave(api: KubernetesApi, fleet: FleetCache, instance: str) -> list[TrackOutcome]:
    """Takes the operator's labels and taints off all Nodes.

    What came with a Node when it joined, the label and the taint that make it a satellite, stays:
    the next operator finds it again.

    Raises:
        ApiError: Nodes may not be listed.
        ApiUnreachableError: no answer.
    """
    listing = await api.list(Scope(NODE))
    nodes = [node_view(item) for item in listing.items]
    tracks = [Track(f"node/{n.name}", tuple(leaving_writes(n, forget=False))) for n in nodes]
    writer = Writer(api, fleet, mode=Mode.ACT, instance=instance)
    outcomes = await writer.perform([track for track in tracks if track.writes])
    log = structlog.get_logger(__name__)
    for outcome in outcomes:
        error = outcome.failure.error if outcome.failure else None
        log.info("left", node=outcome.track, error=error)
    return outcomes
