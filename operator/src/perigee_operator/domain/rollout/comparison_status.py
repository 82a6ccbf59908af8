"""What is kept of a comparison in the model's status, and when it is written."""

import math
from datetime import datetime, timedelta
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from perigee_api.comparison import ComparisonStatus
from perigee_operator.domain.analysis.block import Pairing
from perigee_operator.domain.analysis.compared import Compared, ComparisonKey
from perigee_operator.domain.analysis.comparison import (
    Aspect,
    Comparison,
    Rules,
    Sums,
    Trial,
    begun,
    outcome,
)
from perigee_operator.domain.analysis.comparison_finding import verdict_of
from perigee_operator.domain.analysis.wealth import Wealth
from perigee_operator.domain.rollout.comparison_terms import ComparisonTerms

WRITTEN_EVERY: Final = timedelta(seconds=60)
"""Blocks from which nothing follows are written so often at most."""
_STEPS: Final = 1e4
"""Of a logarithm of a wealth; what lies between two is lost by a restart."""


class _Trial(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    worse: tuple[float, ...] = Field(min_length=1)
    worse_peak: float
    fine: tuple[float, ...] = Field(min_length=1)
    fine_peak: float
    blocks: int = Field(ge=0)
    slower: float
    since: AwareDatetime | None = None


class _Evidence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    trials: dict[Aspect, _Trial]
    stable: tuple[int, int]
    """Requests and errors of the stable revision."""
    since: AwareDatetime | None = None


def begun_status(step: int, terms: ComparisonTerms, now: datetime) -> ComparisonStatus:
    """A comparison that begins now."""
    started = now.replace(microsecond=0)
    return ComparisonStatus(step=step, definition=terms.digest, terms=terms.text, started=started)


def key_of(kept: ComparisonStatus) -> ComparisonKey:
    """Which comparison it is of."""
    return ComparisonKey(kept.definition, kept.started)


def compared_of(kept: ComparisonStatus, rules: Rules) -> Compared:
    """The comparison as the status tells it; where that is damaged, one without a block."""
    try:
        evidence = _Evidence.model_validate_json(kept.evidence)
        comparison = _comparison(evidence, kept, begun(rules))
    except ValueError:
        comparison = begun(rules)
    return Compared(key_of(kept), comparison, kept.last_heard)


def status_of(kept: ComparisonStatus, rules: Rules, fresh: Compared) -> ComparisonStatus:
    """The comparison as the status keeps it."""
    comparison, last = fresh.comparison, fresh.last_heard
    return kept.model_copy(
        update={
            "verdict": verdict_of(comparison, rules).value,
            "blocks": max(trial.blocks for trial in comparison.trials.values()),
            "requests": comparison.candidate.requests,
            "errors": comparison.candidate.errors,
            "last_heard": last.replace(microsecond=0) if last else None,
            "evidence": _evidence(comparison).model_dump_json(exclude_none=True),
        }
    )


def is_news(kept: ComparisonStatus, rules: Rules, fresh: Compared) -> bool:
    """Whether something may follow from the blocks since it was written last, or it is time."""
    if fresh.last_heard is None:
        return False
    if kept.last_heard is None:
        return True
    known = compared_of(kept, rules).comparison
    if any(outcome(known, a, rules) != outcome(fresh.comparison, a, rules) for a in rules.aspects):
        return True
    return fresh.last_heard - kept.last_heard >= WRITTEN_EVERY


def _comparison(evidence: _Evidence, kept: ComparisonStatus, blank: Comparison) -> Comparison:
    if evidence.trials.keys() != blank.trials.keys():
        message = "an operator of another version has written it, with other aspects"
        raise ValueError(message)
    trials = {
        aspect: _told(evidence.trials[aspect], empty) for aspect, empty in blank.trials.items()
    }
    return Comparison(
        trials,
        Sums(kept.requests, kept.errors),
        Sums(*evidence.stable),
        evidence.since,
        frozenset({Pairing.BEFORE_AFTER}),
    )


def _told(told: _Trial, empty: Trial) -> Trial:
    if (len(told.worse), len(told.fine)) != (len(empty.worse.logs), len(empty.fine.logs)):
        message = "an operator of another version has written it, with other stakes"
        raise ValueError(message)
    return Trial(
        Wealth(told.worse, told.blocks, told.worse_peak),
        Wealth(told.fine, told.blocks, told.fine_peak),
        told.slower,
        told.since,
    )


def _evidence(comparison: Comparison) -> _Evidence:
    return _Evidence(
        trials={aspect: _trial(trial) for aspect, trial in comparison.trials.items()},
        stable=(comparison.stable.requests, comparison.stable.errors),
        since=_whole(comparison.since),
    )


def _trial(trial: Trial) -> _Trial:
    return _Trial(
        worse=tuple(map(_down, trial.worse.logs)),
        worse_peak=_down(trial.worse.peak),
        fine=tuple(map(_down, trial.fine.logs)),
        fine_peak=_down(trial.fine.peak),
        blocks=trial.blocks,
        slower=round(trial.slower, 3),
        since=_whole(trial.since),
    )


def _down(log: float) -> float:
    """Rounded so that no wealth grows by being written down."""
    return math.floor(log * _STEPS) / _STEPS


def _whole(moment: datetime | None) -> datetime | None:
    return moment.replace(microsecond=0) if moment else None
