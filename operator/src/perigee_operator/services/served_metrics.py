"""What Prometheus is told of the requests that satellites have answered."""

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from perigee_api.buckets import LATENCY, PER_OCTAVE
from perigee_operator.domain.analysis.tally import Tally
from perigee_operator.services.recent_drift import RecentDrift
from perigee_operator.services.served_book import Revision

_LABELS: Final = ("namespace", "model", "revision")


class ServedMetrics(Collector):
    """By revision, of all satellites together, as their reports tell.

    Latency in buckets of an octave each: those that are compared are eight times as fine, and would
    be too many for every revision of every model.

    Args:
        registry: of the operator's metrics.
        sums: what there is to tell.
        drifts: likewise.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        sums: Callable[[], Mapping[Revision, Tally]],
        drifts: Callable[[], Mapping[Revision, RecentDrift]],
    ) -> None:
        self._sums = sums
        self._drifts = drifts
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """All of it, as it is now."""
        requests = CounterMetricFamily(
            "perigee_served_requests",
            "Inference requests answered on satellites, as they report.",
            labels=_LABELS,
        )
        errors = CounterMetricFamily(
            "perigee_served_errors", "Of these, those that the model failed.", labels=_LABELS
        )
        latency = HistogramMetricFamily(
            "perigee_served_latency_seconds",
            "Latency on satellites of those that got their outputs, as they report; the sum is"
            " good to 5 %.",
            labels=_LABELS,
        )
        for revision, tally in self._sums().items():
            requests.add_metric(revision, tally.requests)
            errors.add_metric(revision, tally.errors)
            latency.add_metric(revision, _octaves(tally), _sum_s(tally))
        return requests, errors, latency, self._stability()

    def _stability(self) -> Metric:
        found = GaugeMetricFamily(
            "perigee_served_drift",
            "How far requests of the last day or two are from the golden set: the population"
            " stability index, less what chance makes of it; from 0.25 on much has changed.",
            labels=(*_LABELS, "feature"),
        )
        for revision, drift in self._drifts().items():
            for feature, index in drift.indices.items():
                found.add_metric((*revision, feature.lower()), index)
        return found


def _octaves(tally: Tally) -> list[tuple[str, float]]:
    """Cumulative counts by upper bound, as Prometheus has them."""
    below = list(accumulate(tally.latency.counts))
    bounds = LATENCY.bounds
    found = [(str(bounds[i]), float(below[i])) for i in range(0, len(bounds), PER_OCTAVE)]
    return [*found, ("+Inf", float(below[-1]))]


def _sum_s(tally: Tally) -> float:
    """As if all that fell into a bucket lay in its middle."""
    bounds = (*LATENCY.bounds, LATENCY.bounds[-1])
    middle = 2 ** (-0.5 / PER_OCTAVE)
    return sum(b * middle * n for b, n in zip(bounds, tally.latency.counts, strict=True) if n)
