"""What is kept of a candidate's drift in the model's status, and when it is written."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from perigee_api.drift import DriftStatus, Feature, FeatureStatus
from perigee_api.features import MOST_BUCKETS
from perigee_operator.domain.analysis.clusters import Clusters
from perigee_operator.domain.analysis.compared import ComparisonKey, Drifted
from perigee_operator.domain.analysis.feature_drift import (
    NONE,
    DriftRules,
    Drifts,
    FeatureDrift,
    outcome,
    verdict_of,
)
from perigee_operator.domain.rollout.drift_terms import DriftTerms

WRITTEN_EVERY: Final = timedelta(seconds=60)
"""Blocks from which nothing follows are written so often at most."""

_Sum = Annotated[int, Field(ge=0)]
_Sums = Annotated[tuple[_Sum, ...], Field(min_length=2, max_length=MOST_BUCKETS)]


class _Evidence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    golden: _Sums
    counts: _Sums
    squares: _Sums
    products: _Sums
    sizes: _Sum
    blocks: _Sum

    @model_validator(mode="after")
    def _of_the_same_buckets(self) -> Self:
        if len({len(self.golden), len(self.counts), len(self.squares), len(self.products)}) > 1:
            raise ValueError("sums of other buckets")
        return self


_FEATURES: Final = TypeAdapter(dict[Feature, _Evidence])


def begun_status(step: int, terms: DriftTerms, now: datetime) -> DriftStatus:
    """A drift analysis that begins now."""
    started = now.replace(microsecond=0)
    return DriftStatus(step=step, definition=terms.digest, terms=terms.text, started=started)


def key_of(kept: DriftStatus) -> ComparisonKey:
    """Which one it is of."""
    return ComparisonKey(kept.definition, kept.started)


def drifted_of(kept: DriftStatus) -> Drifted:
    """What was found as the status tells it; where that is damaged, as without a block."""
    try:
        found = _FEATURES.validate_json(kept.evidence or "{}")
    except ValueError:
        found = {}
    drifts = {feature: _told(evidence) for feature, evidence in found.items()}
    return Drifted(key_of(kept), drifts or NONE, kept.last_heard)


def status_of(kept: DriftStatus, rules: DriftRules, fresh: Drifted) -> DriftStatus:
    """What was found as the status keeps it."""
    last = fresh.last_heard
    evidence = {feature: _written(each) for feature, each in fresh.drifts.items()}
    return kept.model_copy(
        update={
            "verdict": verdict_of(fresh.drifts, rules).value,
            "features": list(_features(fresh.drifts, rules)),
            "last_heard": last.replace(microsecond=0) if last else None,
            "evidence": _FEATURES.dump_json(evidence).decode(),
        }
    )


def is_news(kept: DriftStatus, rules: DriftRules, fresh: Drifted) -> bool:
    """Whether something may follow from the blocks since it was written last, or it is time."""
    if fresh.last_heard is None:
        return False
    known = {each.feature: each.verdict for each in kept.features}
    now = {feature: outcome(fresh.drifts, feature, rules).value for feature in fresh.drifts}
    if kept.last_heard is None or known != now:
        return True
    return fresh.last_heard - kept.last_heard >= WRITTEN_EVERY


def _features(drifts: Drifts, rules: DriftRules) -> Iterator[FeatureStatus]:
    for feature in Feature:
        if feature not in drifts:
            continue
        known = drifts[feature]
        found = known.stability(rules, rules.limits[feature])
        yield FeatureStatus(
            feature=feature,
            verdict=outcome(drifts, feature, rules).value,
            index=None if found is None else round(found.shift, 4),
            samples=known.live.total,
            golden=known.golden_samples,
        )


def _told(evidence: _Evidence) -> FeatureDrift:
    live = Clusters(
        evidence.counts, evidence.squares, evidence.products, evidence.sizes, evidence.blocks
    )
    return FeatureDrift(evidence.golden, live)


def _written(known: FeatureDrift) -> _Evidence:
    live = known.live
    return _Evidence(
        golden=known.golden,
        counts=live.counts,
        squares=live.squares,
        products=live.products,
        sizes=live.sizes,
        blocks=live.blocks,
    )
