"""What samples are like, in three numbers each, and how many are like the golden set's. Pure.

The golden set's file says where the buckets lie: between the quantiles of its inputs and of the
outputs that it expects. What this server computes of it is counted into them as the reference.

Of large samples so many positions are looked at, always the same ones, that it takes well below a
millisecond: a mean over some hundred pixels tells a scene from another as one over all does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from perigee_api.features import MOST_BUCKETS, MOST_SAMPLES, FeatureCounts, FeaturesCounts
from perigee_api.golden import GoldenMetric
from perigee_edge.serve.golden import GoldenSet
from perigee_edge.serve.tensors import Array, Tensors

POSITIONS: Final = 256
"""Of a sample, or pixels of its answer."""
VALUES: Final = 16_384
"""Of all classes of a sample's answer together."""
SAMPLES: Final = 64
"""Of one request, the first; of more no more is looked at."""

_SCORED_RANK: Final = 2
_NUMBERS: Final = "biuf"
"""numpy's kinds of dtype."""

Values = Mapping[str, Array]
"""By the name of a feature: a number for each sample."""


@dataclass(frozen=True, slots=True)
class Reading:
    """From which tensors features are read, and how."""

    input: str | None
    """Of several the one with the most values for each sample; None: there are no numbers."""
    output: str | None
    """Likewise."""
    scored: bool
    """Whether axis 1 of the output counts classes."""
    logits: bool
    """Whether scores are none between 0 and 1 yet."""

    @classmethod
    def of(cls, golden: GoldenSet, metric: GoldenMetric) -> Self:
        """As the golden set has its inputs and outputs, and compares these."""
        scored = metric is GoldenMetric.AGREEMENT
        output = _largest(golden.outputs, _SCORED_RANK if scored else 1)
        expected = None if output is None else golden.outputs[output]
        within = expected is None or (expected.min() >= 0 and expected.max() <= 1)
        return cls(_largest(golden.inputs, 1), output, scored, logits=scored and not bool(within))

    def values(self, inputs: Tensors, outputs: Tensors, most: int | None = None) -> Values:
        """The features of samples; those that cannot be read are left out.

        Args:
            inputs: of the model, axis 0 counting samples.
            outputs: likewise.
            most: Samples, of which the first are looked at; None: all.
        """
        found: dict[str, Array] = {}
        given = _samples(inputs, self.input, 1, most)
        answered = _samples(outputs, self.output, _SCORED_RANK if self.scored else 1, most)
        # Infinities make NaN of what they meet, which is counted above all else.
        with np.errstate(all="ignore"):
            if given is not None:
                picked = _picked(given.reshape(len(given), -1), POSITIONS)
                found["mean"], found["deviation"] = picked.mean(axis=1), picked.std(axis=1)
            if answered is not None:
                found["score"] = self._score(answered)
        return found

    def _score(self, answered: Array) -> Array:
        if not self.scored:
            return np.asarray(_picked(answered.reshape(len(answered), -1), POSITIONS).mean(axis=1))
        classes = answered.shape[1]
        by_position = answered.reshape(len(answered), classes, -1)
        scores = _picked(by_position, max(1, min(POSITIONS, VALUES // classes)))
        highest = scores.max(axis=1)
        if self.logits:  # of the softmax
            highest = 1 / np.exp(scores - highest[:, np.newaxis]).sum(axis=1)
        return np.asarray(highest.mean(axis=1))


@dataclass(frozen=True, slots=True)
class Reference:
    """The golden set's buckets, and what is counted of it."""

    reading: Reading
    bounds: Mapping[str, Array]
    """By feature: upper bounds, ascending, of all buckets but the last."""
    golden: Mapping[str, tuple[int, ...]]
    """Samples in each bucket."""

    @classmethod
    def of(cls, golden: GoldenSet, outputs: Tensors, metric: GoldenMetric) -> Self:
        """The reference of a golden set whose outputs have been computed and compared."""
        reading = Reading.of(golden, metric)
        expected = reading.values(golden.inputs, golden.outputs)
        found = {name: _bounds(values) for name, values in expected.items()}
        bounds = {name: each for name, each in found.items() if len(each)}
        computed = reading.values(golden.inputs, outputs)
        return cls(reading, bounds, _counts(bounds, computed))

    def counts(self, inputs: Tensors, outputs: Tensors) -> Mapping[str, tuple[int, ...]]:
        """How many samples of a request fall into each bucket, by feature."""
        return _counts(self.bounds, self.reading.values(inputs, outputs, SAMPLES))


class Sampled:
    """Samples of the block under way."""

    def __init__(self, reference: Reference) -> None:
        """Nothing is counted yet."""
        self._reference = reference
        self._live: dict[str, tuple[int, ...]] = {}

    def add(self, inputs: Tensors, outputs: Tensors) -> None:
        """A request was answered."""
        for name, counts in self._reference.counts(inputs, outputs).items():
            known = self._live.get(name, (0,) * len(counts))
            self._live[name] = tuple(map(sum, zip(known, counts, strict=True)))

    def cut(self) -> FeaturesCounts | None:
        """What was counted since the last time; None where there is nothing."""
        live, self._live = self._live, {}
        golden = self._reference.golden
        found = {
            name: FeatureCounts(golden=_bounded(golden[name]), live=_bounded(counts))
            for name, counts in live.items()
            if name in golden
        }
        return FeaturesCounts(**found) if found else None


def _largest(tensors: Tensors, rank: int) -> str | None:
    """The first with the most values of those that are numbers and have so many axes."""
    fitting = [name for name in tensors if _samples(tensors, name, rank, None) is not None]
    return max(fitting, key=lambda name: tensors[name].size, default=None)


def _samples(tensors: Tensors, name: str | None, rank: int, most: int | None) -> Array | None:
    array = None if name is None else tensors.get(name)
    if array is None or array.ndim < rank or not array.size or array.dtype.kind not in _NUMBERS:
        return None
    return array[:most]


def _picked(values: Array, most: int) -> Array:
    """At most so many along the last axis, evenly spread, as float64."""
    count = values.shape[-1]
    if count > most:
        values = values[..., np.linspace(0, count - 1, most).astype(np.intp)]
    return values.astype(np.float64)


def _bounds(values: Array) -> Array:
    """Between buckets that hold about as many each; none where all are the same."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return finite
    shares = np.arange(1, MOST_BUCKETS) / MOST_BUCKETS
    bounds = np.unique(np.quantile(finite, shares, method="inverted_cdf"))
    return np.asarray(bounds[bounds < finite.max()])


def _counts(bounds: Mapping[str, Array], found: Values) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(
            np.bincount(np.searchsorted(bounds[name], values), minlength=len(bounds[name]) + 1)
            .astype(int)
            .tolist()
        )
        for name, values in found.items()
        if name in bounds
    }


def _bounded(counts: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(min(count, MOST_SAMPLES) for count in counts)
