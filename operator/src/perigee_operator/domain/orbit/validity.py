"""Whether an orbit can be believed, and its contacts foretold: findings for the status."""

from datetime import datetime

from perigee_api.satellite_node import Orbit
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.orbit.contacts import Contacts, Source


def orbit_validity(orbit: Orbit, contacts: Contacts, now: datetime) -> Verdict:
    """The condition OrbitValid."""
    if not any((orbit.omm, orbit.tle, orbit.contacts, orbit.fixed)):
        return Verdict(
            holds=False,
            reason="OrbitUnknown",
            message="The Node was discovered; set spec.orbit to omm, tle, contacts or fixed.",
        )
    fault = contacts.fault(now)
    if fault is not None:
        return fault
    # It is good to know that it will end.
    return Verdict(
        holds=True, reason="Valid", message=contacts.error.message if contacts.error else ""
    )


def prediction(contacts: Contacts, now: datetime) -> Verdict:
    """The condition ContactsPredicted: whether it is known if the satellite is in contact now."""
    source = contacts.source
    if contacts.covers(now):
        return Verdict(holds=True, reason=source.value)
    spared = "While no contacts are predicted, silence is never held against the satellite."
    if source is Source.PLANNED:
        message = f"It is not the time of spec.orbit.validity. {spared}"
        return Verdict(holds=False, reason="OutsideValidity", message=message)
    if contacts.fault(now) is not None:
        message = f"The orbital elements give no position now: see OrbitValid. {spared}"
        return Verdict(holds=False, reason="OrbitInvalid", message=message)
    if source is Source.NO_STATION:
        message = f"Create a GroundStation, or supply spec.orbit.contacts. {spared}"
        return Verdict(holds=False, reason=source.value, message=message)
    if source is Source.UNKNOWN:
        return Verdict(holds=False, reason=source.value, message=spared)
    message = f"The contacts are being computed. {spared}"
    return Verdict(holds=None, reason=Source.PENDING.value, message=message)


def staleness(contacts: Contacts, now: datetime) -> Verdict | None:
    """The condition ElementsStale; None where there are no elements."""
    if contacts.epoch is None or contacts.stale_from is None:
        return None
    if not contacts.is_stale(now):
        return Verdict(holds=False, reason="Fresh")
    limit = contacts.stale_from - contacts.epoch
    message = (
        f"The elements are of {contacts.epoch:%Y-%m-%d}, more than {limit.days} days ago: rise and "
        "set are uncertain, and verdicts cautious. Supply newer ones in spec.orbit."
    )
    return Verdict(holds=True, reason="TooOld", message=message)
