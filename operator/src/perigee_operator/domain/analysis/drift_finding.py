"""What was found of a candidate's drift from its golden set, in words and figures."""

from datetime import datetime
from typing import Final

from perigee_api.drift import Feature
from perigee_operator.domain.analysis.clusters import FEWEST_BLOCKS
from perigee_operator.domain.analysis.drift import fewest_golden
from perigee_operator.domain.analysis.explanation import Explanation, Figure
from perigee_operator.domain.analysis.feature_drift import (
    DriftRules,
    Drifts,
    FeatureDrift,
    outcome,
)
from perigee_operator.domain.analysis.finding import Finding
from perigee_operator.domain.analysis.verdict import Policies, Verdict

_SUBJECTS: Final = {
    Feature.SCORE: "Drift of scores",
    Feature.MEAN: "Drift of the inputs' mean",
    Feature.DEVIATION: "Drift of the inputs' deviation",
}
_RULES: Final = {
    Verdict.FAIL: "requests are further from the golden set than allowed",
    Verdict.PASS: "requests are not as far from the golden set as would be too far",
    Verdict.NO_DATA: "too few samples tell a drift from chance",
}
_TOO_SMALL: Final = "the golden set is too small to tell a drift from chance"
_NOTHING: Final = Explanation(
    "Drift", Verdict.NO_DATA, "no request has been compared with the golden set yet"
)


def drift_findings(
    drifts: Drifts, rules: DriftRules, policies: Policies, started: datetime, now: datetime
) -> tuple[Finding, ...]:
    """What was found of each feature, and what follows.

    Args:
        drifts: of all blocks so far.
        rules: by which they are judged.
        policies: what follows where there is no data.
        started: since when it is waited for.
        now: the time.
    """
    found = [_explanation(drifts, feature, rules) for feature in Feature if feature in drifts]
    return tuple(Finding.by(policies, each, started, now) for each in found or [_NOTHING])


def _explanation(drifts: Drifts, feature: Feature, rules: DriftRules) -> Explanation:
    known, limit, found = drifts[feature], rules.limits[feature], outcome(drifts, feature, rules)
    subject, samples = _SUBJECTS[feature], Figure("samples", known.live.total)
    stability = known.stability(rules, limit)
    if stability is None and known.is_golden_set_too_small(limit):
        more = Figure("wanted more than", fewest_golden(limit))
        golden = Figure("samples of the golden set", known.golden_samples)
        return Explanation(subject, found, _TOO_SMALL, (golden, more))
    if stability is None:
        wanted = Figure("wanted at least", rules.samples)
        blocks = Figure("of at least", FEWEST_BLOCKS)
        said = (samples, wanted, *_behind(known), blocks)
        return Explanation(subject, found, _RULES[found], said)
    index = Figure("stability index", round(stability.shift, 3))
    chance = Figure("taken off for chance", round(stability.noise, 3))
    figures = (index, Figure("limit", limit), chance, samples, *_behind(known))
    return Explanation(subject, found, _RULES[found], figures)


def _behind(known: FeatureDrift) -> tuple[Figure, ...]:
    """What makes samples say more or less."""
    effect = known.live.design_effect
    alike = () if effect is None else (Figure("that speak as one", round(effect, 1)),)
    golden = Figure("samples of the golden set", known.golden_samples)
    return (*alike, golden, Figure("blocks", known.live.blocks))
