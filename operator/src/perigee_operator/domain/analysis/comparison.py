"""A candidate compared with the stable revision, over blocks of all satellites.

For each aspect two hypotheses are bet against. "The candidate is worse by no more than the margin"
refuted means abort; "it is worse by the margin at least" refuted means that it may go on. Neither
refuted means that more blocks are needed.

Any aspect may abort, so the risk of a false abort is split among them; the whole rollout shares it,
however many looks, satellites and steps it has. All aspects have to be fine to go on, so the risk
of a false pass need not be split (the intersection-union test: R. Berger, Technometrics 24, 1982).

What has to hold for the risk to be kept: in every block, given all blocks before, the candidate of
a good revision is worse than the stable one by no more than the margin on average. Whatever befalls
both alike (the satellite, its load, its temperature) cancels. What befalls one of the two alone for
longer than a block does not: the margin has to cover it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final

from perigee_operator.domain.analysis import error_odds, ranks
from perigee_operator.domain.analysis.block import Block, Pairing
from perigee_operator.domain.analysis.wealth import Wealth, initial


class Aspect(Enum):
    """In what a candidate may be worse."""

    LATENCY = "latency"
    """Answers are slower, taken all together."""
    TAIL = "tail latency"
    """The slow answers are slower."""
    ERRORS = "errors"
    """More requests fail."""


class Outcome(Enum):
    """What has been shown."""

    WORSE = "worse"
    NOT_WORSE = "not worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Margins:
    """By how much a candidate may be worse."""

    latency: int
    """Latency buckets: `ranks.buckets_of` a slowdown."""
    tail: int
    errors: float
    """A difference of shares: 0.01 for a percentage point."""


ORDINARY_MARGINS: Final[Mapping[Pairing, Margins]] = MappingProxyType(
    {
        Pairing.SIDE_BY_SIDE: Margins(latency=1, tail=2, errors=0.0025),
        Pairing.BEFORE_AFTER: Margins(latency=2, tail=3, errors=0.005),
    }
)
"""Side by side 9 % slower, 19 % in the tail; before and after 19 % and 30 %, because there what
changes with the satellite itself does not cancel."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is compared, and how sure a verdict has to be."""

    margins: Mapping[Pairing, Margins] = field(default_factory=lambda: ORDINARY_MARGINS)
    aspects: tuple[Aspect, ...] = tuple(Aspect)
    false_abort: float = 0.01
    """The risk that a good candidate is given up, over a whole rollout and all aspects."""
    false_pass: float = 0.05
    """The risk that one is let go on that is worse by the margin or more."""


ORDINARY: Final = Rules()


@dataclass(frozen=True, slots=True)
class Trial:
    """What has been shown of one aspect."""

    worse: Wealth
    """Against "worse by no more than the margin"."""
    fine: Wealth
    """Against "worse by the margin at least"."""
    slower: float = 0
    """Sum over blocks of the statistic of ranks; nothing for errors."""
    since: datetime | None = None
    """When the block began by which its outcome was shown; of an undecided one, the first."""

    @property
    def blocks(self) -> int:
        """Blocks in which it could be told."""
        return self.worse.blocks


@dataclass(frozen=True, slots=True)
class Sums:
    """Requests of one revision in all blocks; those of before as often as they were compared."""

    requests: int = 0
    errors: int = 0

    @property
    def error_share(self) -> float:
        """0 where there are no requests."""
        return self.errors / max(1, self.requests)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is to be kept of a comparison: a few numbers, however many blocks there were."""

    trials: Mapping[Aspect, Trial]
    candidate: Sums = Sums()
    stable: Sums = Sums()
    since: datetime | None = None
    """When the first block began."""
    pairings: frozenset[Pairing] = frozenset()
    """How the revisions came to be compared; each has its margins."""


def begun(rules: Rules = ORDINARY) -> Comparison:
    """A comparison without a block."""
    return Comparison({aspect: _begun(aspect) for aspect in rules.aspects})


def compared(comparison: Comparison, block: Block, rules: Rules = ORDINARY) -> Comparison:
    """The comparison after one more block, of whichever satellite."""
    margins = rules.margins[block.pairing]
    return Comparison(
        {
            aspect: _dated(trial, _after(aspect, trial, block, margins), block, rules)
            for aspect, trial in comparison.trials.items()
        },
        _added(comparison.candidate, block.candidate.requests, block.candidate.errors),
        _added(comparison.stable, block.stable.requests, block.stable.errors),
        block.start if comparison.since is None else min(comparison.since, block.start),
        comparison.pairings | {block.pairing},
    )


def outcome(comparison: Comparison, aspect: Aspect, rules: Rules = ORDINARY) -> Outcome:
    """What has been shown of one aspect."""
    return _outcome(comparison.trials[aspect], rules)


def verdict(comparison: Comparison, rules: Rules = ORDINARY) -> Outcome:
    """What has been shown of all aspects together: worse if any is, not worse if none is."""
    found = {outcome(comparison, aspect, rules) for aspect in rules.aspects}
    if Outcome.WORSE in found:
        return Outcome.WORSE
    return Outcome.NOT_WORSE if found == {Outcome.NOT_WORSE} else Outcome.UNDECIDED


def _outcome(trial: Trial, rules: Rules) -> Outcome:
    if trial.worse.has_reached(rules.false_abort / len(rules.aspects)):
        return Outcome.WORSE
    return Outcome.NOT_WORSE if trial.fine.has_reached(rules.false_pass) else Outcome.UNDECIDED


def _dated(before: Trial, after: Trial, block: Block, rules: Rules) -> Trial:
    known = before.since is not None and _outcome(before, rules) is _outcome(after, rules)
    return replace(after, since=before.since if known or not after.blocks else block.start)


def _begun(aspect: Aspect) -> Trial:
    bettors = len(error_odds.STAKES if aspect is Aspect.ERRORS else ranks.STAKES)
    return Trial(initial(bettors), initial(bettors))


def _added(sums: Sums, requests: int, errors: int) -> Sums:
    return Sums(sums.requests + requests, sums.errors + errors)


def _after(aspect: Aspect, trial: Trial, block: Block, margins: Margins) -> Trial:
    if aspect is Aspect.ERRORS:
        return _after_errors(trial, block, margins.errors)
    if aspect is Aspect.TAIL:
        statistic = ranks.slower_tail(block.candidate.latency, block.stable.latency, margins.tail)
    else:
        statistic = ranks.slower_share(
            block.candidate.latency, block.stable.latency, margins.latency
        )
    return trial if statistic is None else _after_ranks(trial, statistic)


def _after_ranks(trial: Trial, statistic: float) -> Trial:
    return replace(
        trial,
        worse=trial.worse.after(ranks.wins(statistic)),
        fine=trial.fine.after(ranks.wins(1 - statistic)),
        slower=trial.slower + statistic,
    )


def _after_errors(trial: Trial, block: Block, margin: float) -> Trial:
    if not block.candidate.requests or not block.stable.requests:
        return trial
    return replace(
        trial,
        worse=trial.worse.after(error_odds.wins_if_worse(block.candidate, block.stable, margin)),
        fine=trial.fine.after(error_odds.wins_if_fine(block.candidate, block.stable, margin)),
    )
