"""What is kept of a candidate's answers in the model's status, and when it is written."""

import math
from datetime import datetime, timedelta
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from perigee_api.shadow import ShadowedSatellite, ShadowStatus
from perigee_operator.domain.analysis.agreement import (
    Agreement,
    Place,
    ShadowRules,
    ShadowTally,
)
from perigee_operator.domain.analysis.agreement_finding import verdict_of
from perigee_operator.domain.analysis.compared import ComparisonKey, Shadowed
from perigee_operator.domain.analysis.error_odds import STAKES
from perigee_operator.domain.analysis.wealth import Wealth
from perigee_operator.domain.rollout.shadow_terms import ShadowTerms

WRITTEN_EVERY: Final = timedelta(seconds=60)
"""Blocks from which nothing follows are written so often at most."""
_STEPS: Final = 1e4
"""Of a logarithm of a wealth; what lies between two is lost by a restart."""
_BETTORS: Final = len(STAKES)


class _Wealth(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    logs: tuple[float, ...] = Field(min_length=_BETTORS, max_length=_BETTORS)
    peak: float
    blocks: int = Field(ge=0)


class _Evidence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    worse: _Wealth
    fine: _Wealth
    places: tuple[_Wealth, ...]
    """In the order of the satellites."""
    since: AwareDatetime | None = None


def begun_status(step: int, terms: ShadowTerms, now: datetime) -> ShadowStatus:
    """A shadow that begins now."""
    started = now.replace(microsecond=0)
    return ShadowStatus(step=step, definition=terms.digest, terms=terms.text, started=started)


def key_of(kept: ShadowStatus) -> ComparisonKey:
    """Which one it is of."""
    return ComparisonKey(kept.definition, kept.started)


def shadowed_of(kept: ShadowStatus) -> Shadowed:
    """What was found as the status tells it; where that is damaged, as without a block."""
    try:
        agreement = _agreement(_Evidence.model_validate_json(kept.evidence), kept)
    except ValueError:
        agreement = Agreement()
    return Shadowed(key_of(kept), agreement, kept.last_heard)


def status_of(kept: ShadowStatus, rules: ShadowRules, fresh: Shadowed) -> ShadowStatus:
    """What was found as the status keeps it."""
    agreement, last = fresh.agreement, fresh.last_heard
    tally = agreement.tally
    return kept.model_copy(
        update={
            "verdict": verdict_of(agreement, rules).value,
            "compared": tally.compared,
            "agreed": tally.agreed,
            "failed": tally.failed,
            "dropped": tally.dropped,
            "satellites": [
                ShadowedSatellite(
                    node=node,
                    compared=place.tally.compared,
                    agreed=place.tally.agreed,
                    failed=place.tally.failed,
                )
                for node, place in agreement.places.items()
            ],
            "last_heard": last.replace(microsecond=0) if last else None,
            "evidence": _evidence(agreement).model_dump_json(exclude_none=True),
        }
    )


def is_news(kept: ShadowStatus, rules: ShadowRules, fresh: Shadowed) -> bool:
    """Whether something may follow from the blocks since it was written last, or it is time."""
    if fresh.last_heard is None:
        return False
    if kept.last_heard is None or verdict_of(fresh.agreement, rules).value != kept.verdict:
        return True
    return fresh.last_heard - kept.last_heard >= WRITTEN_EVERY


def _agreement(evidence: _Evidence, kept: ShadowStatus) -> Agreement:
    places = {
        told.node: Place(ShadowTally(told.compared, told.agreed, told.failed), _told(wealth))
        for told, wealth in zip(kept.satellites, evidence.places, strict=True)
    }
    return Agreement(
        ShadowTally(kept.compared, kept.agreed, kept.failed, kept.dropped),
        _told(evidence.worse),
        _told(evidence.fine),
        places,
        evidence.since,
    )


def _evidence(agreement: Agreement) -> _Evidence:
    return _Evidence(
        worse=_written(agreement.worse),
        fine=_written(agreement.fine),
        places=tuple(_written(place.worse) for place in agreement.places.values()),
        since=agreement.since.replace(microsecond=0) if agreement.since else None,
    )


def _told(wealth: _Wealth) -> Wealth:
    return Wealth(wealth.logs, wealth.blocks, wealth.peak)


def _written(wealth: Wealth) -> _Wealth:
    logs = tuple(map(_down, wealth.logs))
    return _Wealth(logs=logs, peak=_down(wealth.peak), blocks=wealth.blocks)


def _down(log: float) -> float:
    """Rounded so that no wealth grows by being written down."""
    return math.floor(log * _STEPS) / _STEPS
