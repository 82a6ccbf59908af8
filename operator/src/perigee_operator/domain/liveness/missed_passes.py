"""Passes that went by in silence: what counts is recorded, so that a restart forgets nothing."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from perigee_api.satellite_node import SatelliteNodeStatus
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.liveness.contact_clock import SureContact
from perigee_operator.domain.liveness.ears import Doubt, Ears, heard_at

STATION_SUSPECT: Final = "StationSuspect"
"""The condition that says why the last pass is not counted, and keeps that over a restart."""


@dataclass(frozen=True, slots=True)
class MissedPasses:
    """Passes since the last sign of life that count."""

    count: int = 0
    since: datetime | None = None
    """When the first of them began."""
    judged_until: datetime | None = None
    """Passes that ended until then have been judged, whether they count or not."""
    uncounted: str = ""
    """Why the last that was judged does not count; empty where it does."""


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
        doubt = ears.doubt(contact, satellite.name)
        found = MissedPasses(
            found.count + (doubt is None),
            found.since or (_whole_second(contact.start) if doubt is None else None),
            _whole_second(contact.end),
            "" if doubt is None else _told(doubt),
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
        status.missed_passes,
        status.missed_passes_since,
        status.passes_judged_until,
        _uncounted(status),
    )


def _uncounted(status: SatelliteNodeStatus) -> str:
    return next(
        (c.message for c in status.conditions if c.type == STATION_SUSPECT and c.status == "True"),
        "",
    )


def _told(doubt: Doubt) -> str:
    have = "has" if len(doubt.stations) == 1 else "have"
    since = "of late" if doubt.since is None else f"since {doubt.since:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"The last pass is not counted: {' and '.join(doubt.stations)} {have} heard nobody {since},"
        " though three satellites or more went by."
    )


def _whole_second(moment: datetime) -> datetime:
    """The moment rounded up, as a status records it."""
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)
