"""What the operator tells Prometheus."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from perigee_operator.domain.fleet import Snapshot
from perigee_operator.services.fleet_metrics import FleetMetrics
from perigee_operator.services.rollout_metrics import RolloutMetrics
from perigee_operator.storage.outcomes import Result

SWEEP_BUCKETS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1),
    *(0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0),
)

ANSWERED = frozenset({Result.DONE, Result.UNCHANGED, Result.REFUSED})


class Metrics:
    """The operator's metrics, in a registry of their own.

    Args:
        monotonic: seconds that only ever grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.registry = CollectorRegistry()
        self._monotonic = monotonic
        self._last_sweep_s = self._last_progress_s = monotonic()
        age = Gauge(
            "perigee_sweep_age_seconds", "Since the last completed sweep.", registry=self.registry
        )
        age.set_function(self.sweep_age_s)
        self._sweeps = Histogram(
            "perigee_sweep_seconds",
            "Time to take a snapshot and to plan, without the writes.",
            buckets=SWEEP_BUCKETS_S,
            registry=self.registry,
        )
        self._of_fleet = FleetMetrics(self.registry)
        self._writes = Counter(
            "perigee_writes_total",
            "Writes to the API server.",
            ["write", "kind", "outcome"],
            registry=self.registry,
        )

        self._of_rollouts = RolloutMetrics(self.registry)
        self._outside = Counter(
            "perigee_heartbeats_outside_contact_total",
            "Heartbeats that came outside of predicted contact.",
            registry=self.registry,
        )

    def heard_outside(self) -> None:
        """A heartbeat came outside of predicted contact."""
        self._outside.inc()

    def sweep_age_s(self) -> float:
        """Seconds since the last completed sweep, or since the start."""
        return self._monotonic() - self._last_sweep_s

    def progress_age_s(self) -> float:
        """Seconds since the last completed sweep or answered write, or since the start.

        The sweep of an operator that is throttled takes long, and it is not stuck.
        """
        return self._monotonic() - self._last_progress_s

    def wrote(self, write: str, kind: str, result: Result) -> None:
        """A write was attempted."""
        if result in ANSWERED:
            self._last_progress_s = self._monotonic()
        self._writes.labels(write, kind, result.value).inc()

    def swept(self, snapshot: Snapshot, now: datetime, *, planned_s: float, at_s: float) -> None:
        """A sweep over the fleet as it was at that moment was completed."""
        self._last_sweep_s = self._last_progress_s = at_s
        self._sweeps.observe(planned_s)
        self._of_fleet.look(snapshot)
        self._of_rollouts.look(snapshot.models, now)
