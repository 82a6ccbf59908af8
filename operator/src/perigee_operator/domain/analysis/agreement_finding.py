"""What was found of a candidate's answers beside the stable revision's, in words and figures."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from perigee_operator.domain.analysis.agreement import (
    Agreement,
    ShadowRules,
    ShadowTally,
    has_data,
    outcome,
    worse_places,
)
from perigee_operator.domain.analysis.comparison import Outcome
from perigee_operator.domain.analysis.explanation import Explanation, Figure
from perigee_operator.domain.analysis.finding import Finding
from perigee_operator.domain.analysis.verdict import Policies, Verdict
from perigee_operator.domain.analysis.wealth import Wealth

SUBJECT: Final = "Shadow agreement"
NAMED: Final = 5
"""So many satellites are named at most."""

_VERDICTS: Final = {
    Outcome.WORSE: Verdict.FAIL,
    Outcome.NOT_WORSE: Verdict.PASS,
    Outcome.UNDECIDED: Verdict.INCONCLUSIVE,
}
_RULES: Final = {
    Verdict.FAIL: "fewer of the candidate's answers agree with the stable revision's than asked",
    Verdict.PASS: "as many of the candidate's answers agree with the stable revision's as asked",
    Verdict.INCONCLUSIVE: "it has been shown neither that enough answers agree nor that they do"
    " not",
    Verdict.NO_DATA: "no answer has been compared yet",
}
_BEYOND_DOUBT: Final = math.log(1e6)
"""More need not be told."""


def agreement_findings(  # noqa: PLR0913, PLR0917 - what it depends on
    agreement: Agreement,
    rules: ShadowRules,
    policies: Policies,
    silent: Sequence[str],
    started: datetime,
    now: datetime,
) -> tuple[Finding, ...]:
    """What was found, and what follows: of all together, of satellites that stand out, of silent.

    Args:
        agreement: of all blocks so far.
        rules: by which it was judged.
        policies: what follows where nothing has been shown.
        silent: Nodes that ought to have compared answers and have not; none, if it may pass so.
        started: since when it is waited for.
        now: the time.
    """
    found = [_of_all(agreement, rules)]
    found += [_of_place(agreement, rules, *each) for each in worse_places(agreement, rules)]
    if silent and agreement.tally.answers:
        found.append(_of_silent(silent, rules))
    return tuple(Finding.by(policies, each, started, now) for each in found)


def without_data(
    agreement: Agreement, rules: ShadowRules, wave: Sequence[str], tolerated: int
) -> tuple[str, ...]:
    """Nodes of a wave on which too little was compared; none, where no more than are tolerated."""
    found = tuple(node for node in wave if not has_data(agreement, node, rules))
    return found if len(found) > tolerated else ()


def verdict_of(agreement: Agreement, rules: ShadowRules) -> Verdict:
    """What was found of the answers, whoever is silent."""
    if not agreement.tally.answers:
        return Verdict.NO_DATA
    if worse_places(agreement, rules):
        return Verdict.FAIL
    return _VERDICTS[outcome(agreement, rules)]


def _of_all(agreement: Agreement, rules: ShadowRules) -> Explanation:
    found = Verdict.NO_DATA
    if agreement.tally.answers:
        found = _VERDICTS[outcome(agreement, rules)]
    dropped = Figure("left out", agreement.tally.dropped)
    figures: tuple[Figure, ...] = (dropped,)
    if found is not Verdict.NO_DATA:
        passed = found is Verdict.PASS
        against = agreement.fine if passed else agreement.worse
        alpha = rules.false_pass if passed else rules.false_abort / 2
        satellites = Figure("satellites", len(agreement.places))
        figures = (*_figures(agreement.tally, rules, against, alpha), dropped, satellites)
    return Explanation(SUBJECT, found, _RULES[found], figures, agreement.since)


def _of_place(agreement: Agreement, rules: ShadowRules, node: str, risk: float) -> Explanation:
    place = agreement.places[node]
    figures = _figures(place.tally, rules, place.worse, risk)
    return Explanation(f"{SUBJECT} on {node}", Verdict.FAIL, _RULES[Verdict.FAIL], figures)


def _of_silent(silent: Sequence[str], rules: ShadowRules) -> Explanation:
    more = f" and {len(silent) - NAMED} more" if len(silent) > NAMED else ""
    subject = f"{SUBJECT} on {', '.join(silent[:NAMED])}{more}"
    wanted = Figure("requestsPerSatellite", rules.requests_per_satellite)
    return Explanation(subject, Verdict.NO_DATA, "too few answers have been compared", (wanted,))


def _figures(
    tally: ShadowTally, rules: ShadowRules, against: Wealth, alpha: float
) -> tuple[Figure, ...]:
    return (
        Figure("agreeing", 100 * tally.agreed / max(1, tally.answers), "%"),
        Figure("asked", 100 * rules.agreement, "%"),
        Figure("compared", tally.compared),
        Figure("not answered by the candidate", tally.failed),
        Figure("odds against chance", math.exp(min(against.peak, _BEYOND_DOUBT)), "to 1"),
        Figure("wanted", 1 / alpha, "to 1"),
        Figure("blocks", against.blocks),
    )
