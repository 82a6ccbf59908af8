"""From orbital elements to contacts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain

from perigee_operator.domain.orbit.contacts import Contacts, Source
from perigee_operator.domain.orbit.elements import Elements
from perigee_operator.domain.orbit.guard import guard_s
from perigee_operator.domain.orbit.passes import Passes, passes
from perigee_operator.domain.orbit.sgp4_record import record, refusal
from perigee_operator.domain.orbit.station import Station
from perigee_operator.domain.orbit.window import Window


def predicted(
    elements: Sequence[Elements], stations: Sequence[Station], since: datetime, until: datetime
) -> list[Contacts]:
    """The contacts of each satellite with all stations within a span of time.

    Never raises for elements that SGP4 refuses: their contacts are known up to where it fails, and
    say why.
    """
    records = [record(each) for each in elements]
    found = iter(passes([r for r in records if r.error == 0], stations, since, until))
    return [
        _contacts(each, next(found), stations)
        if own.error == 0
        else _refused(each, own.error, since)
        for each, own in zip(elements, records, strict=True)
    ]


def joined(earlier: Contacts, later: Contacts, keep_from: datetime) -> Contacts:
    """Two pieces that meet as one, without what ended before a moment.

    A window that the seam has cut in two is one again.

    Raises:
        ValueError: they do not meet.
    """
    seam = later.known_from
    if earlier.known_until != seam:
        raise ValueError(f"contacts known until {earlier.known_until} cannot go on from {seam}")
    before = {w.station: w for w in earlier.windows if w.end == seam}
    healed = {
        w.station: _healed(before[w.station], w)
        for w in later.windows
        if _continues(w, before, seam)
    }
    kept = (healed.get(w.station, w) if w.end == seam else w for w in earlier.windows)
    new = (w for w in later.windows if not (w.start == seam and w.station in healed))
    windows = sorted(
        (w for w in chain(kept, new) if w.end is None or w.end > keep_from),
        key=lambda w: (w.start, w.station or ""),
    )
    return replace(
        later, windows=tuple(windows), known_from=max(earlier.known_from, min(keep_from, seam))
    )


def without(contacts: Contacts, stations: frozenset[str]) -> Contacts:
    """What remains when nothing is known of some stations any more."""
    return replace(
        contacts, windows=tuple(w for w in contacts.windows if w.station not in stations)
    )


def _continues(window: Window, before: dict[str | None, Window], seam: datetime) -> bool:
    return window.start == seam and window.station in before


def _healed(first: Window, second: Window) -> Window:
    elevations = [first.max_elevation_deg or 0, second.max_elevation_deg or 0]
    return replace(
        first,
        end=second.end,
        max_elevation_deg=max(elevations),
        guard_s=max(first.guard_s, second.guard_s),
    )


def _contacts(elements: Elements, found: Passes, stations: Sequence[Station]) -> Contacts:
    known_until = _moment(found.known_until_s)
    return Contacts(
        windows=tuple(
            Window(
                start=(start := _moment(each.start_s)),
                end=_moment(each.end_s),
                station=stations[each.station].name,
                max_elevation_deg=round(each.max_elevation_deg, 2),
                guard_s=guard_s(elements, start),
            )
            for each in found.found
        ),
        known_from=_moment(found.known_from_s),
        known_until=known_until,
        source=Source.PROPAGATED,
        error=refusal(found.error, known_until) if found.error else None,
        epoch=elements.epoch,
    )


def _refused(elements: Elements, code: int, since: datetime) -> Contacts:
    error = refusal(code, elements.epoch)
    return Contacts((), since, since, Source.PROPAGATED, error, elements.epoch)


def _moment(t_s: float) -> datetime:
    """To 10 ms: finer than the refinement is good for."""
    hundredths = round(t_s * 100)
    return datetime.fromtimestamp(hundredths // 100, UTC) + timedelta(
        milliseconds=10 * (hundredths % 100)
    )
