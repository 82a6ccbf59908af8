"""How far what a candidate is asked, and answers, is from its golden set, over all satellites.

Satellites are taken together: the golden set stands for what the constellation sees, and one that
flies over oceans is far from it without any fault of the candidate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from perigee_api.drift import Feature
from perigee_api.features import FeatureCounts, FeaturesCounts
from perigee_operator.domain.analysis.clusters import Clusters
from perigee_operator.domain.analysis.drift import Stability, drift, fewest_golden
from perigee_operator.domain.analysis.verdict import Verdict


@dataclass(frozen=True, slots=True)
class DriftRules:
    """How far is too far, and how many samples are wanted."""

    limits: Mapping[Feature, float]
    """Indices that may not be reached."""
    samples: int


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """What was counted of one feature."""

    golden: tuple[int, ...]
    """Samples of the golden set, by bucket: the reference."""
    live: Clusters
    """Of requests, in the same buckets."""

    @property
    def golden_samples(self) -> int:
        """Of the golden set."""
        return sum(self.golden)

    def is_golden_set_too_small(self, limit: float) -> bool:
        """Whether no number of requests tells an index at the limit from chance."""
        return self.golden_samples <= fewest_golden(limit)

    def stability(self, rules: DriftRules, limit: float) -> Stability | None:
        """How far requests are from the golden set; None as long as that cannot be told."""
        effect = self.live.design_effect
        if effect is None or self.live.total < rules.samples:
            return None
        return drift(self.golden, self.live.counts, threshold=limit, design_effect=effect)


Drifts = Mapping[Feature, FeatureDrift]
"""Of each feature of which samples were counted."""
NONE: Final[Drifts] = {}


def with_block(drifts: Drifts, block: FeaturesCounts) -> Drifts:
    """The drifts after one more block, of whichever satellite."""
    found = {
        feature: _after(drifts.get(feature), counts)
        for feature, counts in _of_features(block)
        if counts is not None
    }
    return {**drifts, **found}


def outcome(drifts: Drifts, feature: Feature, rules: DriftRules) -> Verdict:
    """What was found of one feature."""
    limit = rules.limits[feature]
    found = drifts[feature].stability(rules, limit)
    if found is None:
        return Verdict.NO_DATA
    return Verdict.FAIL if found.shift >= limit else Verdict.PASS


def verdict_of(drifts: Drifts, rules: DriftRules) -> Verdict:
    """What was found of all features together: of several, what stands most in the way."""
    found = {outcome(drifts, feature, rules) for feature in drifts}
    if Verdict.FAIL in found:
        return Verdict.FAIL
    return Verdict.PASS if found == {Verdict.PASS} else Verdict.NO_DATA


def _of_features(block: FeaturesCounts) -> tuple[tuple[Feature, FeatureCounts | None], ...]:
    return (
        (Feature.SCORE, block.score),
        (Feature.MEAN, block.mean),
        (Feature.DEVIATION, block.deviation),
    )


def _after(known: FeatureDrift | None, counts: FeatureCounts) -> FeatureDrift:
    live = known.live if known else Clusters.empty(len(counts.live))
    if len(live.counts) != len(counts.live):
        # A server of another version has cut them: what was known cannot be gone on from.
        live = Clusters.empty(len(counts.live))
    return FeatureDrift(counts.golden, live.after(counts.live))
