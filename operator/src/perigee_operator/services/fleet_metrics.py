"""What Prometheus is told of the fleet as a whole."""

from collections import Counter as Tally
from collections.abc import Iterable
from enum import StrEnum

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import Snapshot
from perigee_operator.domain.satellite_status import AGENT_STUCK

LOSS_HELD = "LossHeld"
HOLDING = frozenset({LOSS_HELD, AGENT_STUCK})
"""Conditions whose satellites are counted."""


class FleetMetrics(Collector):
    """Counted when Prometheus asks: a large fleet is swept more often than that.

    Args:
        registry: of the operator's metrics.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seen: Snapshot | None = None
        registry.register(self)

    def look(self, snapshot: Snapshot) -> None:
        """The fleet as it is now."""
        self._seen = snapshot

    def collect(self) -> Iterable[Metric]:
        """All of it, as it was in the last sweep; before the first there is nothing."""
        seen = self._seen
        satellites, models = (seen.satellites, seen.models) if seen else ((), ())
        holding = Tally(
            condition.type
            for view in satellites
            for condition in view.status.conditions
            if condition.type in HOLDING and condition.status == "True"
        )
        return (
            _by_phase(
                "perigee_satellites",
                "Satellites by phase.",
                SatellitePhase,
                (view.status.phase for view in satellites),
            ),
            _by_phase(
                "perigee_models",
                "Models by phase.",
                ModelPhase,
                (view.status.phase for view in models),
            ),
            GaugeMetricFamily(
                "perigee_losses_held",
                "Satellites whose loss waits for a human.",
                holding[LOSS_HELD],
            ),
            GaugeMetricFamily(
                "perigee_agents_stuck",
                "Satellites whose agent holds up the replacement of all others.",
                holding[AGENT_STUCK],
            ),
            GaugeMetricFamily(
                "perigee_agents_outdated",
                "Agents that are not of the DaemonSet's template as it is now.",
                len(seen.agents.outdated) if seen and seen.agents else 0,
            ),
            GaugeMetricFamily(
                "perigee_observing",
                "1 while heartbeats that come would be seen.",
                float(seen is not None and seen.hearing.observing_since is not None),
            ),
        )


def _by_phase(
    name: str, documentation: str, phases: Iterable[StrEnum], found: Iterable[StrEnum]
) -> Metric:
    family, counts = GaugeMetricFamily(name, documentation, labels=["phase"]), Tally(found)
    for phase in phases:
        family.add_metric([phase.value], counts[phase])
    return family
