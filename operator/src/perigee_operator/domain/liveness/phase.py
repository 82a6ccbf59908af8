"""From silence to a phase."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import Hearing, SatelliteView
from perigee_operator.domain.liveness.contact_clock import SureContact, next_sure_start
from perigee_operator.domain.liveness.ears import Ears, heard_at
from perigee_operator.domain.liveness.missed_passes import (
    NONE_MISSED,
    MissedPasses,
    missed_passes,
)
from perigee_operator.domain.liveness.silence import (
    AGENT_SILENT,
    KUBELET_FRESH_S,
    Silence,
    agent_known_silent,
    silence,
)
from perigee_operator.domain.orbit.contacts import UNKNOWN, Contacts
from perigee_operator.domain.orbit.validity import orbit_validity

WITNESS_PATIENCE_S: Final = 60.0
"""So long somebody else's heartbeat is awaited that shows that the ground hears at all."""
LONG_CONTACT_S: Final = 1800.0
"""A shorter contact is a pass: it is judged when it has ended, as a whole."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How a satellite looks, before the fleet's loss budget has its say."""

    phase: SatellitePhase
    reason: str
    message: str
    agent_silent: bool = False
    """The agent alone has died, or had when anything was last heard."""
    silent_since: datetime | None = None
    """When the last sign of life came; None if none ever did."""
    missed: MissedPasses = NONE_MISSED
    contacts: Contacts = UNKNOWN
    """Those by which silence is judged; `UNKNOWN` where it is not counted."""
    next_change_s: float | None = None
    """Seconds until silence alone changes the assessment; None if it never does."""
    proven: bool = True
    """The ground heard others all the while."""
    follows_hearing: bool = False
    """It may change with whatever is heard of others."""
    stands: bool = False
    """Nothing was found out: what is recorded stays as it is."""


def assess(satellite: SatelliteView, hearing: Hearing, ears: Ears, now: datetime) -> Assessment:
    """The phase of a satellite. While nobody observes, everything stays as it is."""
    unplaced = _unplaced(satellite, now)
    if unplaced is not None:
        return unplaced
    if hearing.observing_since is None:
        return _not_observing(satellite)
    if satellite.status.phase is SatellitePhase.LOST and not _heard_since_loss(satellite):
        missed = missed_passes(satellite, (), ears)
        return _still_lost(satellite, missed)
    heard = silence(satellite, hearing, now)
    missed = missed_passes(satellite, heard.passed, ears)
    return _by_silence(satellite, heard, missed, hearing, now)


def _unplaced(satellite: SatelliteView, now: datetime) -> Assessment | None:
    """The phase where it does not depend on what is heard."""
    pending = SatellitePhase.PENDING
    if satellite.spec is None:
        return Assessment(satellite.status.phase, "SpecInvalid", satellite.spec_error or "")
    if satellite.spec.maintenance:
        message = "Taken out of service by spec.maintenance; silence is not counted."
        return Assessment(SatellitePhase.MAINTENANCE, "Maintenance", message)
    valid = orbit_validity(satellite.spec.orbit, satellite.contacts, now)
    entering = satellite.status.phase in (pending, SatellitePhase.MAINTENANCE)
    if not valid.holds and entering:
        # One that is in service stays so: without contacts its silence is not counted.
        return Assessment(pending, valid.reason, valid.message)
    if satellite.node is None:
        node = satellite.spec.node_name or satellite.name
        return Assessment(pending, "NodeMissing", f"No Node {node} has joined yet.")
    if satellite.heartbeat is None and entering:
        message = "The Node has joined; its agent has not been heard yet."
        return Assessment(pending, "AwaitingAgent", message)
    return None


def _not_observing(satellite: SatelliteView) -> Assessment:
    return Assessment(
        satellite.status.phase,
        "NotObserving",
        "The operator does not hear the fleet at present, so no verdict is made.",
        contacts=satellite.contacts,
        stands=True,
    )


def _heard_since_loss(satellite: SatelliteView) -> bool:
    lost_at, sign = satellite.status.last_lost_time, heard_at(satellite)
    return lost_at is None or (sign is not None and sign > lost_at)


def _still_lost(satellite: SatelliteView, missed: MissedPasses) -> Assessment:
    ready = next((c for c in satellite.status.conditions if c.type == "Ready"), None)
    return Assessment(
        SatellitePhase.LOST,
        "Silent",
        ready.message if ready else last_heard(satellite),
        silent_since=heard_at(satellite),
        missed=missed,
        contacts=satellite.contacts,
    )


def _by_silence(
    satellite: SatelliteView,
    heard: Silence,
    missed: MissedPasses,
    hearing: Hearing,
    now: datetime,
) -> Assessment:
    if heard.agent_fresh:
        left_s = heard.suspect_after_s - (heard.agent_age_s or 0)
        return _found(satellite, SatellitePhase.IN_CONTACT, "Heard", "", missed, left_s)
    if heard.kubelet_fresh and heard.agent_died_alone:
        message = f"{last_heard(satellite)}; the kubelet's Lease is fresh: the satellite lives."
        left_s = KUBELET_FRESH_S - (heard.kubelet_age_s or 0)
        return _found(satellite, SatellitePhase.IN_CONTACT, AGENT_SILENT, message, missed, left_s)
    if heard.kubelet_fresh and _awaits_agent(satellite):
        message = f"{last_heard(satellite)}; it is being replaced, the kubelet's Lease is fresh."
        left_s = KUBELET_FRESH_S - (heard.kubelet_age_s or 0)
        phase, reason = SatellitePhase.IN_CONTACT, "AgentReplaced"
        return _found(satellite, phase, reason, message, missed, left_s)
    if missed.judged_until is not None and missed.count >= _passes_allowed(satellite):
        return _lost_by_passes(satellite, missed, missed.judged_until, hearing, now)
    if heard.contact is None:
        return _out_of_contact(satellite, missed, now)
    found = _within_contact(satellite, heard, heard.contact, missed, now)
    return replace(found, follows_hearing=_is_long(heard.contact))


def _awaits_agent(satellite: SatelliteView) -> bool:
    """Whether another agent takes the place of the one that was heard last."""
    agent, heartbeat = satellite.agent, satellite.heartbeat
    return agent is not None and not agent.is_heard(heartbeat.arrived_at if heartbeat else None)


def _lost_by_passes(
    satellite: SatelliteView,
    missed: MissedPasses,
    judged_until: datetime,
    hearing: Hearing,
    now: datetime,
) -> Assessment:
    """Lost, once somebody else was heard since the last pass ended: the ground is not deaf.

    In a fleet of some size that is a matter of seconds, for which no human is called.
    """
    message = f"{last_heard(satellite)}{_told(missed)}"
    proven, waited_s = hearing.heard_after(judged_until), (now - judged_until).total_seconds()
    if not proven and waited_s < WITNESS_PATIENCE_S:
        phase, reason = SatellitePhase.MISSED_CONTACT, "PassMissed"
        left_s = WITNESS_PATIENCE_S - waited_s
        found = _found(satellite, phase, reason, f"{message}.", missed, left_s)
        return replace(found, follows_hearing=True)
    message = f"{message}, {_passes_allowed(satellite)} make it Lost."
    found = _found(satellite, SatellitePhase.LOST, "PassesMissed", message, missed)
    return replace(found, proven=proven, follows_hearing=not proven)


def _out_of_contact(satellite: SatelliteView, missed: MissedPasses, now: datetime) -> Assessment:
    start = next_sure_start(satellite.contacts, now)
    left_s = (start - now).total_seconds() if start else None
    if missed.count or missed.uncounted:
        message = f"{last_heard(satellite)}{_told(missed)}. {missed.uncounted}".rstrip()
        phase, reason = SatellitePhase.MISSED_CONTACT, "PassMissed"
        return _found(satellite, phase, reason, message, missed, left_s)
    message = "Silent outside its contact windows, as it must be."
    return _found(satellite, SatellitePhase.EXPECTED_DARK, "OutOfContact", message, missed, left_s)


def _within_contact(
    satellite: SatelliteView,
    heard: Silence,
    contact: SureContact,
    missed: MissedPasses,
    now: datetime,
) -> Assessment:
    loss_s = heard.loss_left_s if _is_long(contact) else None
    if loss_s is not None and loss_s <= 0:
        message = f"{last_heard(satellite)}; {heard.lost_after_s:.0f} s of silence in contact"
        found = _found(satellite, SatellitePhase.LOST, "Silent", f"{message} are allowed.", missed)
        return replace(found, proven=heard.is_proven)
    end_s = (contact.end - now).total_seconds() if contact.end else None
    if heard.agent_silent_s >= heard.suspect_after_s:
        message = f"{last_heard(satellite)}, though in predicted contact."
        left_s = _sooner(loss_s, end_s)
        return _found(satellite, SatellitePhase.SUSPECT, "Silent", message, missed, left_s)
    # Contact has begun and the first heartbeat is not due yet, or the last is only just overdue.
    phase = satellite.status.phase
    if phase not in _AWAITED_AS:
        phase = SatellitePhase.EXPECTED_DARK
    left_s = _sooner(heard.suspect_after_s - heard.agent_silent_s, end_s)
    return _found(satellite, phase, "Awaited", "Contact is predicted.", missed, left_s)


_AWAITED_AS = frozenset(
    {SatellitePhase.IN_CONTACT, SatellitePhase.MISSED_CONTACT, SatellitePhase.SUSPECT}
)
"""What a satellite stays while its first heartbeat of a contact is awaited."""


def _is_long(contact: SureContact) -> bool:
    return contact.end is None or (contact.end - contact.start).total_seconds() >= LONG_CONTACT_S


def _passes_allowed(satellite: SatelliteView) -> int:
    return satellite.spec.liveness.missed_passes if satellite.spec else 1


def _told(missed: MissedPasses) -> str:
    if not missed.count:
        return ""
    passes = "1 pass" if missed.count == 1 else f"{missed.count} passes"
    return f"; {passes} missed since {missed.since:%Y-%m-%d %H:%M:%S} UTC"


def last_heard(satellite: SatelliteView) -> str:
    """When the agent was heard last, told: a moment, since an age would change with every look."""
    if satellite.heartbeat is None:
        return "The agent was never heard"
    return f"The agent was last heard at {satellite.heartbeat.arrived_at:%Y-%m-%d %H:%M:%S} UTC"


def _sooner(one_s: float | None, other_s: float | None) -> float | None:
    return min((each for each in (one_s, other_s) if each is not None), default=None)


def _found(  # noqa: PLR0913, PLR0917 - what an assessment consists of
    satellite: SatelliteView,
    phase: SatellitePhase,
    reason: str,
    message: str,
    missed: MissedPasses,
    next_change_s: float | None = None,
) -> Assessment:
    known_silent = agent_known_silent(satellite)
    return Assessment(
        phase=phase,
        reason=reason,
        message=message,
        # In the dark, and until a pass has shown its kubelet, nothing says that it is back.
        agent_silent=reason == AGENT_SILENT or (known_silent and phase is not SatellitePhase.LOST),
        silent_since=heard_at(satellite),
        missed=missed,
        contacts=satellite.contacts,
        next_change_s=next_change_s,
    )
