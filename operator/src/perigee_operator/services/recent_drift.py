"""How far what revisions were asked lately is from their golden sets, in a rollout or not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from perigee_api.drift import Drift, Feature
from perigee_api.features import FeaturesCounts
from perigee_operator.domain.analysis.clusters import Clusters
from perigee_operator.domain.analysis.feature_drift import (
    NONE,
    Drifts,
    FeatureDrift,
    with_block,
)
from perigee_operator.domain.rollout.drift_terms import read

GENERATION: Final = timedelta(days=1)
"""What is told is of the last one or two."""

_RULES: Final = read(Drift()).rules
"""As in a rollout that says nothing else."""


class RecentDrift:
    """Of one revision, on all satellites. Nothing of it is kept over a restart."""

    def __init__(self, now: datetime) -> None:
        """Nothing was heard before now."""
        self._recent: Drifts = NONE
        self._older: Drifts = NONE
        self._since = now

    def take(self, features: FeaturesCounts, heard_at: datetime) -> None:
        """One more block."""
        age = heard_at - self._since
        if age >= GENERATION:
            self._older = self._recent if age < 2 * GENERATION else NONE
            self._recent, self._since = NONE, heard_at
        self._recent = with_block(self._recent, features)

    @property
    def indices(self) -> Mapping[Feature, float]:
        """The stability index of each feature, less what chance makes of it, if it can be told."""
        found = {}
        for feature, recent in self._recent.items():
            known = FeatureDrift(recent.golden, self._live(feature, recent))
            stability = known.stability(_RULES, _RULES.limits[feature])
            if stability is not None:
                found[feature] = stability.shift
        return found

    def _live(self, feature: Feature, recent: FeatureDrift) -> Clusters:
        older = self._older.get(feature)
        if older is None or len(older.golden) != len(recent.golden):
            return recent.live
        return older.live + recent.live
