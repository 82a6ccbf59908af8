"""What holds a loss back, until a human consents: the fleet as a whole is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from perigee_api import names
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.liveness.loss_budget import (
    fleet_size,
    losses_allowed,
    over_budget,
)
from perigee_operator.domain.liveness.phase import Assessment


class HoldReason(StrEnum):
    """Why a loss waits for a human."""

    BUDGET_SPENT = "BudgetSpent"
    GROUND_DEAF = "GroundDeaf"
    ELEMENTS_STALE = "ElementsStale"


@dataclass(frozen=True, slots=True)
class LossHeld:
    """A loss that waits for a human, and what to do about it."""

    reason: HoldReason
    message: str


def held_losses(
    satellites: Mapping[str, SatelliteView],
    losses: Mapping[str, Assessment],
    budget_percent: float,
    now: datetime,
) -> dict[str, LossHeld]:
    """Which of the new losses are held, by satellite's name. A human's consent sets one free.

    Args:
        satellites: the whole fleet, by name.
        losses: assessments of those that are about to be Lost.
        budget_percent: share of the fleet that may become Lost within an hour without a human.
        now: the moment.
    """
    new = {name: each for name, each in losses.items() if not satellites[name].loss_consented}
    held: dict[str, LossHeld] = {}
    for name, assessment in new.items():
        doubt = _doubt(satellites[name], assessment, now)
        if doubt is not None:
            held[name] = doubt
    certain = {name: each for name, each in new.items() if name not in held}
    if not certain:
        return held
    allowed = losses_allowed(fleet_size(satellites.values()), budget_percent)
    for name in over_budget(satellites, certain, budget_percent, now):
        reason = f"It would be Lost, but {allowed} satellites may be within an hour."
        held[name] = _waits(satellites[name], certain[name], HoldReason.BUDGET_SPENT, reason)
    return held


def _doubt(
    satellite: SatelliteView,
    assessment: Assessment,
    now: datetime,
) -> LossHeld | None:
    """What speaks against a loss, but for the budget."""
    if not assessment.proven:
        reason = "It would be Lost, but nobody else was heard since: the ground may be deaf."
        return _waits(satellite, assessment, HoldReason.GROUND_DEAF, reason)
    if satellite.contacts.is_stale(now):
        reason = "It would be Lost, but its elements are too old to foretell when it is heard."
        return _waits(satellite, assessment, HoldReason.ELEMENTS_STALE, reason)
    return None


def _waits(
    satellite: SatelliteView, assessment: Assessment, reason: HoldReason, why: str
) -> LossHeld:
    name = satellite.name
    return LossHeld(
        reason,
        f"{assessment.message} {why} If it is: kubectl annotate --overwrite sat {name} "
        f"{names.LOST_CONSENT_ANNOTATION}={satellite.next_epoch}",
    )
