"""What the operator tells Prometheus of itself, at one moment."""

import math
from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

SWEEPS = "perigee_sweep_seconds"


@dataclass(frozen=True, slots=True)
class Told:
    """All samples."""

    samples: tuple[Sample, ...]

    def value(self, name: str, **labels: str) -> float:
        """Sum of the samples of that name with those labels."""
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def gain(self, before: "Told", name: str, **labels: str) -> float:
        """By how much a counter has risen."""
        return self.value(name, **labels) - before.value(name, **labels)

    def sweeps(self, before: "Told") -> "Sweeps":
        """The sweeps in between."""
        bounds = [s.labels["le"] for s in self.samples if s.name == f"{SWEEPS}_bucket"]
        counts = {float(bound): self.gain(before, f"{SWEEPS}_bucket", le=bound) for bound in bounds}
        return Sweeps(counts, self.gain(before, f"{SWEEPS}_sum"))


@dataclass(frozen=True, slots=True)
class Sweeps:
    """How long sweeps took."""

    at_most: dict[float, float]
    """How many took at most so many seconds."""
    total_s: float

    @property
    def count(self) -> float:
        """How many there were."""
        return self.at_most[math.inf]

    @property
    def mean_s(self) -> float:
        """How long one took."""
        return self.total_s / self.count if self.count else math.nan

    def quantile_s(self, share: float) -> float:
        """Within which time that share of them was done, as Prometheus's histogram_quantile."""
        wanted, low_s, below = share * self.count, 0.0, 0.0
        for bound_s in sorted(self.at_most):
            if self.at_most[bound_s] >= wanted:
                inside = self.at_most[bound_s] - below
                if not inside or math.isinf(bound_s):
                    return low_s
                return low_s + (bound_s - low_s) * (wanted - below) / inside
            low_s, below = bound_s, self.at_most[bound_s]
        return math.nan

    @property
    def longest_s(self) -> float:
        """The bound that none has passed."""
        return min(bound for bound, count in self.at_most.items() if count == self.count)


async def told(url: str) -> Told:
    """What the operator at that address tells now.

    Raises:
        aiohttp.ClientError: it does not answer.
    """
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        text = await answer.text()
    families = text_string_to_metric_families(text)
    return Told(tuple(sample for family in families for sample in family.samples))
