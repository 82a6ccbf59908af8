"""Passes that went by in silence: what counts is recorded, so that a restart forgets nothing."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.liveness.contact_clock import SureContact
from perigee_operator.domain.liveness.ears import Ears, heard_at


@dataclass(frozen=True, slots=True)
class MissedPasses:
    """Passes since the last sign of life that count."""

    count: int = 0
    since: datetime | None = None
    """When the first of them began."""
    judged_until: datetime | None = None
    """Passes that ended until then have been judged, whether they count or not."""


NONE_MISSED = MissedPasses()


def missed_passes(
    satellite: SatelliteView, passed: tuple[SureContact, ...], ears: Ears
) -> MissedPasses:
    """The record so far, with the passes that have just gone by in silence.

    Each is judged once, when it ends: later nobody can tell any more who was heard meanwhile.
    """
    found = _recorded(satellite)
    for contact in passed:
        if contact.end is None:
            continue
        counts = not ears.doubted(contact, satellite.name)
        found = MissedPasses(
            found.count + counts,
            found.since or (_whole_second(contact.start) if counts else None),
            _whole_second(contact.end),
        )
    return found


def _recorded(satellite: SatelliteView) -> MissedPasses:
    status = satellite.status
    sign = heard_at(satellite)
    if sign is not None and (
        status.passes_judged_until is None or sign > status.passes_judged_until
    ):
        return NONE_MISSED
    return MissedPasses(
        status.missed_passes, status.missed_passes_since, status.passes_judged_until
    )


def _whole_second(moment: datetime) -> datetime:
    """The moment rounded up, as a status records it."""
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)
