"""What was found by comparing a candidate with the stable revision, in words and figures."""

import math
from datetime import datetime
from typing import Final

from perigee_operator.domain.analysis import ranks
from perigee_operator.domain.analysis.comparison import (
    Aspect,
    Comparison,
    Margins,
    Outcome,
    Rules,
    outcome,
)
from perigee_operator.domain.analysis.explanation import Explanation, Figure
from perigee_operator.domain.analysis.finding import Finding
from perigee_operator.domain.analysis.verdict import Policies, Verdict

_VERDICTS: Final = {
    Outcome.WORSE: Verdict.FAIL,
    Outcome.NOT_WORSE: Verdict.PASS,
    Outcome.UNDECIDED: Verdict.INCONCLUSIVE,
}
_RULES: Final = {
    Verdict.FAIL: "the candidate is worse than the stable revision by more than the margin",
    Verdict.PASS: "the candidate is not worse than the stable revision by as much as the margin",
    Verdict.INCONCLUSIVE: "the candidate has been shown neither worse nor as good",
    Verdict.NO_DATA: "no block yet in which both revisions have served enough",
}
_BEYOND_DOUBT: Final = math.log(1e6)
"""More need not be told."""


def comparison_findings(
    comparison: Comparison, rules: Rules, policies: Policies, started: datetime, now: datetime
) -> tuple[Finding, ...]:
    """What was found of each aspect, and what follows.

    An aspect without a block has no data. One that is undecided is inconclusive: no number of
    blocks is enough in any case, so the policy says how long is waited.

    Args:
        comparison: of all blocks so far.
        rules: by which it was made.
        policies: what follows where nothing has been shown.
        started: since when it is waited for.
        now: the time.
    """
    return tuple(
        Finding.by(policies, _explanation(comparison, aspect, rules), started, now)
        for aspect in rules.aspects
    )


def verdict_of(comparison: Comparison, rules: Rules) -> Verdict:
    """What was found of all aspects together: of several, what stands most in the way."""
    found = {_verdict(comparison, aspect, rules) for aspect in rules.aspects}
    in_the_way = (Verdict.FAIL, Verdict.NO_DATA, Verdict.INCONCLUSIVE)
    return next((each for each in in_the_way if each in found), Verdict.PASS)


def _verdict(comparison: Comparison, aspect: Aspect, rules: Rules) -> Verdict:
    if not comparison.trials[aspect].blocks:
        return Verdict.NO_DATA
    return _VERDICTS[outcome(comparison, aspect, rules)]


def _explanation(comparison: Comparison, aspect: Aspect, rules: Rules) -> Explanation:
    found = _verdict(comparison, aspect, rules)
    figures = () if found is Verdict.NO_DATA else _figures(comparison, aspect, rules, found)
    subject = f"Comparison of {aspect.value}"
    since = comparison.trials[aspect].since
    return Explanation(subject, found, _RULES[found], figures, since)


def _figures(
    comparison: Comparison, aspect: Aspect, rules: Rules, found: Verdict
) -> tuple[Figure, ...]:
    trial = comparison.trials[aspect]
    against = trial.fine if found is Verdict.PASS else trial.worse
    alpha = rules.false_pass if found is Verdict.PASS else rules.false_abort / len(rules.aspects)
    return (
        *_observed(comparison, aspect),
        *_margins(comparison, aspect, rules),
        Figure("odds against chance", math.exp(min(against.peak, _BEYOND_DOUBT)), "to 1"),
        Figure("wanted", 1 / alpha, "to 1"),
        Figure("blocks", trial.blocks),
    )


def _observed(comparison: Comparison, aspect: Aspect) -> tuple[Figure, ...]:
    if aspect is Aspect.ERRORS:
        return (
            Figure("errors of the candidate", comparison.candidate.errors),
            Figure("of requests", comparison.candidate.requests),
            Figure("of the stable revision's", 100 * comparison.stable.error_share, "%"),
        )
    trial = comparison.trials[aspect]
    return (Figure("slower than with the margin in", 100 * trial.slower / trial.blocks, "%"),)


def _margins(comparison: Comparison, aspect: Aspect, rules: Rules) -> tuple[Figure, ...]:
    found = sorted(comparison.pairings, key=lambda pairing: pairing.value)
    return tuple(_margin(rules.margins[pairing], aspect, pairing.value) for pairing in found)


def _margin(margins: Margins, aspect: Aspect, pairing: str) -> Figure:
    if aspect is Aspect.ERRORS:
        return Figure("margin", 100 * margins.errors, f"points {pairing}")
    buckets = margins.latency if aspect is Aspect.LATENCY else margins.tail
    return Figure("margin", 100 * ranks.slowdown(buckets), f"% {pairing}")
