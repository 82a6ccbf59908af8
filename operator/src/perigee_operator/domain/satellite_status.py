"""What a SatelliteNode's status says, and which transitions are announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from perigee_api.hearing import HeardOutside, HeartbeatRhythm
from perigee_api.satellite_node import (
    CarriedModel,
    NextContact,
    SatelliteNodeStatus,
    SatellitePhase,
    SatelliteTelemetry,
)
from perigee_operator.domain.condition import Verdict, renewed
from perigee_operator.domain.fleet import PodView, SatelliteView
from perigee_operator.domain.kinds import SATELLITE_NODE
from perigee_operator.domain.liveness.held_losses import LossHeld
from perigee_operator.domain.liveness.missed_passes import STATION_SUSPECT
from perigee_operator.domain.liveness.phase import Assessment, last_heard
from perigee_operator.domain.liveness.phi import Rhythm
from perigee_operator.domain.liveness.plan_accuracy import (
    CONTACT_PLAN_ACCURATE,
    PlanAccuracy,
    plan_accuracy,
)
from perigee_operator.domain.liveness.silence import AGENT_SILENT
from perigee_operator.domain.orbit.contacts import END, Contacts
from perigee_operator.domain.orbit.validity import orbit_validity, prediction, staleness
from perigee_operator.domain.report_findings import acknowledged_epoch, report_verdicts
from perigee_operator.domain.status import status_write
from perigee_operator.domain.trends.maintenance import MAINTENANCE_ADVISED, maintenance_advised
from perigee_operator.domain.vitals import SPARED, spared
from perigee_operator.domain.writes import Announce, EventType, ObjectKey, Write

MODELS_LIMIT = 64
READY_PHASES = frozenset({SatellitePhase.IN_CONTACT, SatellitePhase.EXPECTED_DARK})
ALARMING = frozenset({SatellitePhase.SUSPECT, SatellitePhase.LOST, SatellitePhase.MISSED_CONTACT})

AGENT_STUCK = "AgentStuck"

WARNINGS = {
    (AGENT_SILENT, "True"): AGENT_SILENT,
    (AGENT_STUCK, "True"): AGENT_STUCK,
    ("EpochCurrent", "False"): "HeartbeatReplayed",
    ("LossHeld", "True"): "LossHeld",
    ("ReportValid", "False"): "ReportMalformed",
    (CONTACT_PLAN_ACCURATE, "False"): "ContactPlanInaccurate",
    (STATION_SUSPECT, "True"): STATION_SUSPECT,
    (MAINTENANCE_ADVISED, "True"): "MaintenanceAdvised",
    (SPARED, "True"): "Spared",
}
"""Reasons of the Events by which a condition of that type and status is announced."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is found about a satellite in one look."""

    assessment: Assessment
    held: LossHeld | None
    pods: Sequence[PodView]
    """The Pods of models on it."""
    agent_stuck: str | None = None
    """Why its agent holds up the replacement of all others; None: it does not."""


def satellite_writes(view: SatelliteView, sighting: Sighting, now: datetime) -> list[Write]:
    """The status, and the Events of what has changed in it."""
    if sighting.assessment.stands:
        return []
    key = ObjectKey(SATELLITE_NODE, view.name)
    status = satellite_status(view, sighting, now)
    writes: list[Write] = [*status_write(key, view, status)]
    for type_, reason, note in _transitions(view, status, sighting):
        writes.append(Announce(key, view.uid, type_, reason, "Observe", note, now))
    return writes


def satellite_status(view: SatelliteView, sighting: Sighting, now: datetime) -> SatelliteNodeStatus:
    """The status after an assessment.

    Heartbeat time and telemetry are those of the last transition: a status that followed every
    heartbeat would be a write a heartbeat.
    """
    old, assessment = view.status, sighting.assessment
    newly_lost = _newly(SatellitePhase.LOST, old, assessment)
    epoch = old.epoch + newly_lost
    verdicts = _verdicts(view, sighting, now) | report_verdicts(view, epoch)
    conditions = renewed(old.conditions, verdicts, now, view.generation)
    moved = assessment.phase is not old.phase or conditions != old.conditions
    heartbeat = view.heartbeat
    report = heartbeat.report if heartbeat else None
    return SatelliteNodeStatus(
        phase=assessment.phase,
        conditions=conditions,
        observed_generation=view.generation,
        last_heartbeat_time=heartbeat.arrived_at.replace(microsecond=0)
        if moved and heartbeat
        else old.last_heartbeat_time,
        last_lost_time=now.replace(microsecond=0) if newly_lost else old.last_lost_time,
        missed_passes=assessment.missed.count,
        missed_passes_since=assessment.missed.since,
        passes_judged_until=assessment.missed.judged_until,
        rhythm=_rhythm(view.rhythm) if moved and heartbeat else old.rhythm,
        heard_outside=_heard_outside(view.plan_accuracy) if moved else old.heard_outside,
        next_contact=_next_contact(assessment.contacts, now),
        epoch=epoch,
        acknowledged_epoch=acknowledged_epoch(view),
        telemetry=SatelliteTelemetry.model_validate(report.telemetry.model_dump())
        if moved and report
        else old.telemetry,
        telemetry_days=view.telemetry_days,
        models=_carried(sighting.pods),
    )


def status_due(view: SatelliteView, now: datetime) -> datetime:
    """When time alone will change the status, at the latest, but for the assessment."""
    contacts = view.contacts
    under_way, following = contacts.current(now), contacts.upcoming(now)
    moments = (
        under_way.end if under_way else None,
        following.start if following else None,
        contacts.known_until,
        contacts.stale_from,
    )
    return min((each for each in moments if each is not None and each > now), default=END)


def _newly(phase: SatellitePhase, old: SatelliteNodeStatus, assessment: Assessment) -> bool:
    return assessment.phase is phase and old.phase is not phase


def _rhythm(rhythm: Rhythm) -> HeartbeatRhythm:
    return HeartbeatRhythm(
        interval=rhythm.planned_s,
        mean=round(rhythm.mean_s, 3),
        deviation=round(rhythm.deviation_s, 3),
        samples=rhythm.samples,
    )


def _heard_outside(found: PlanAccuracy | None) -> HeardOutside | None:
    if found is None or found.worst is None:
        return None
    worst = found.worst
    return HeardOutside(count=found.outside, offset=worst.seconds, station=worst.station)


def _next_contact(contacts: Contacts, now: datetime) -> NextContact | None:
    """The contact under way or the next; none for a site that is always in contact.

    One that is still open where knowledge ends has no end: that of knowledge moves on.
    """
    window = contacts.current(now) or contacts.upcoming(now)
    if window is None or window.end is None:
        return None
    return NextContact(
        station=window.station,
        start=window.start,
        end=window.end if window.end < contacts.known_until else None,
        max_elevation=window.max_elevation_deg,
    )


def _carried(pods: Sequence[PodView]) -> list[CarriedModel]:
    ranked = sorted(pods, key=lambda p: (p.namespace, p.model, p.revision, p.name))
    return [
        CarriedModel(name=f"{p.namespace}/{p.model}", revision=p.revision, state=_state(p))
        for p in ranked[:MODELS_LIMIT]
    ]


def _state(pod: PodView) -> str:
    if pod.serves:
        return "Active"
    return "Standby" if pod.verified else "Starting"


def _verdicts(view: SatelliteView, sighting: Sighting, now: datetime) -> dict[str, Verdict]:
    assessment = sighting.assessment
    found = {
        "Ready": Verdict(
            holds=assessment.phase in READY_PHASES,
            reason=assessment.phase.value,
            message=assessment.message,
        ),
        AGENT_SILENT: _agent_silence(view, assessment),
        "LossHeld": Verdict(
            holds=sighting.held is not None,
            reason=sighting.held.reason if sighting.held else "NothingHeld",
            message=sighting.held.message if sighting.held else "",
        ),
        STATION_SUSPECT: Verdict(
            holds=bool(assessment.missed.uncounted),
            reason="HeardNobody" if assessment.missed.uncounted else "AsExpected",
            message=assessment.missed.uncounted,
        ),
    }
    if sighting.agent_stuck is not None:
        found[AGENT_STUCK] = Verdict(holds=True, reason="NotHeard", message=sighting.agent_stuck)
    if view.spec is not None:
        found["OrbitValid"] = orbit_validity(view.spec.orbit, view.contacts, now)
        found["ContactsPredicted"] = prediction(view.contacts, now)
        accuracy = plan_accuracy(view.plan_accuracy) if view.spec.orbit.fixed is None else None
        if accuracy is not None:
            found[CONTACT_PLAN_ACCURATE] = accuracy
        stale = staleness(view.contacts, now)
        if stale is not None:
            found["ElementsStale"] = stale
        sparing = spared(view)
        if sparing is not None:
            found[SPARED] = sparing
        advice = maintenance_advised(view)
        if advice is not None:
            found[MAINTENANCE_ADVISED] = advice
        hardware = _hardware(view)
        if hardware is not None:
            found["HardwareMatches"] = hardware
    else:
        found["SpecValid"] = Verdict(holds=False, reason="Invalid", message=view.spec_error or "")
    return found


def _agent_silence(view: SatelliteView, assessment: Assessment) -> Verdict:
    """The condition AgentSilent: the same words in each phase, so that it is not written anew."""
    if not assessment.agent_silent:
        return Verdict(holds=False, reason="AsExpected")
    message = f"{last_heard(view)}; the kubelet was heard long after that."
    return Verdict(holds=True, reason="KubeletHeard", message=message)


def _hardware(view: SatelliteView) -> Verdict | None:
    """Whether the Node is what the resource says; None where it says nothing."""
    if view.spec is None or view.node is None or view.spec.hardware.architecture is None:
        return None
    said, found = view.spec.hardware.architecture.value, view.node.architecture
    if said == found:
        return Verdict(holds=True, reason="AsSpecified")
    message = f"spec.hardware.architecture is {said}, but Node {view.node.name} is {found}."
    return Verdict(holds=False, reason="ArchitectureDiffers", message=message)


def _transitions(
    view: SatelliteView, status: SatelliteNodeStatus, sighting: Sighting
) -> list[tuple[EventType, str, str]]:
    found: list[tuple[EventType, str, str]] = []
    if status.phase is not view.status.phase:
        type_ = EventType.WARNING if status.phase in ALARMING else EventType.NORMAL
        note = sighting.assessment.message or f"{view.name} is heard."
        found.append((type_, status.phase.value, f"{view.status.phase.value} before. {note}"))
    before = {(c.type, c.status) for c in view.status.conditions}
    for condition in status.conditions:
        state = (condition.type, condition.status)
        if state in WARNINGS and state not in before:
            found.append((EventType.WARNING, WARNINGS[state], condition.message))
    return found
