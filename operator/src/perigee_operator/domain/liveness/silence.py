"""How long a satellite has been silent, on a clock that runs only in contact."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from perigee_operator.domain.fleet import Hearing, SatelliteView
from perigee_operator.domain.liveness.contact_clock import (
    SureContact,
    sure_contact_s,
    sure_contacts,
)
from perigee_operator.domain.orbit.contacts import UNKNOWN

KUBELET_FRESH_S: Final = 40.0
"""A kubelet's Lease lasts 40 s unless configured otherwise, and is renewed every 10 s."""
KUBELET_PATIENCE_S: Final = 15.0
"""A kubelet that lives has renewed its Lease within this time."""
BEATS_UNTIL_SUSPECT: Final = 3
"""Heartbeats that may be late before a satellite is Suspect."""
SUSPICION_PHI: Final = 3.0
"""Suspicion from which a satellite is Suspect: one interval in a thousand is as long."""
AGENT_SILENT: Final = "AgentSilent"
"""The condition that only the agent has died."""
LEAST_PASS_S: Final = 60.0
"""A shorter pass says nothing: a link takes up to a minute to carry the first heartbeat."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What has been heard of a satellite, and for how long nothing has."""

    agent_age_s: float | None
    """Wall-clock seconds since the agent was heard; None if never. Below zero where the ground's
    clock was put back since."""
    kubelet_age_s: float | None
    contact: SureContact | None
    """The contact under way."""
    agent_silent_s: float
    """Seconds of that contact without the agent."""
    kubelet_silent_s: float
    """The same of the kubelet."""
    agent_proven_s: float
    """Of the agent's, those in which the ground is known to have heard."""
    kubelet_proven_s: float
    agent_missed_s: float
    """How much longer than the kubelet the agent has been silent; 0 if the kubelet never was heard.

    Seconds of contact where contacts are predicted: a pass may well begin with the kubelet.
    """
    agent_known_silent: bool
    """It is recorded that the agent died alone, and it has not been heard since."""
    suspect_after_s: float
    lost_after_s: float
    passed: tuple[SureContact, ...]
    """Contacts that have ended without a sign of life, and have not been judged yet."""

    @property
    def agent_fresh(self) -> bool:
        """The agent's last heartbeat is not overdue."""
        return self.agent_age_s is not None and self.agent_age_s <= self.suspect_after_s

    @property
    def kubelet_fresh(self) -> bool:
        """The kubelet's Lease has not run out."""
        return self.kubelet_age_s is not None and self.kubelet_age_s <= KUBELET_FRESH_S

    @property
    def agent_died_alone(self) -> bool:
        """The kubelet was heard long after the agent was last heard.

        Contacts of long ago are forgotten: what was found then is recorded.
        """
        return self.agent_known_silent or self.agent_missed_s > self.suspect_after_s

    @property
    def kubelet_patience_s(self) -> float:
        """Contact seconds that the kubelet may be silent.

        Where the agent died alone the kubelet is the only sign of life, and one late renewal of
        its Lease must not count as death.
        """
        if self.agent_died_alone:
            return max(self.lost_after_s, KUBELET_FRESH_S)
        return KUBELET_PATIENCE_S

    @property
    def loss_left_s(self) -> float:
        """Seconds of silence until it is loss, in a contact that is long; 0 or less: it is."""
        return max(
            self.lost_after_s - self.agent_silent_s,
            self.kubelet_patience_s - self.kubelet_silent_s,
        )

    @property
    def is_proven(self) -> bool:
        """It would be loss, too, if only those seconds counted in which the ground has heard."""
        return (
            self.agent_proven_s >= self.lost_after_s
            and self.kubelet_proven_s >= self.kubelet_patience_s
        )


def beat_s(satellite: SatelliteView) -> float:
    """Seconds between heartbeats: what is asked for, or longer while the agent has not heard it."""
    wanted_s = satellite.spec.liveness.heartbeat_interval if satellite.spec else 0.0
    report = satellite.heartbeat.report if satellite.heartbeat else None
    return max(wanted_s, (report.heartbeat_interval_s or 0) if report else 0)


def suspect_after_s(satellite: SatelliteView) -> float:
    """Seconds of silence in contact that make a satellite Suspect."""
    return max(BEATS_UNTIL_SUSPECT * beat_s(satellite), satellite.rhythm.silence_s(SUSPICION_PHI))


def lost_after_s(satellite: SatelliteView) -> float:
    """Seconds of silence within one long contact that make a satellite Lost."""
    if satellite.spec is None:
        raise ValueError(f"SatelliteNode {satellite.name} has no valid spec")
    limits = satellite.spec.liveness
    by_phi_s = satellite.rhythm.silence_s(limits.phi_threshold)
    return max(limits.lost_after, BEATS_UNTIL_SUSPECT * beat_s(satellite), by_phi_s)


def agent_known_silent(satellite: SatelliteView) -> bool:
    """Whether its status says that the agent died alone, and it has not been heard since."""
    agent_at = satellite.heartbeat.arrived_at if satellite.heartbeat else None
    return any(
        condition.type == AGENT_SILENT
        and condition.status == "True"
        and (agent_at is None or agent_at <= condition.last_transition_time)
        for condition in satellite.status.conditions
    )


def silence(satellite: SatelliteView, hearing: Hearing, now: datetime) -> Silence:
    """Measures the silence of a satellite whose spec is valid.

    Only contact during which the operator was observing counts: what nobody listened to is no
    silence.

    Raises:
        ValueError: nobody observes.
    """
    observing_since = hearing.observing_since
    if observing_since is None:
        raise ValueError("nobody observes")
    agent_at = satellite.heartbeat.arrived_at if satellite.heartbeat else None
    kubelet_at = satellite.kubelet_arrived_at
    heard_at = max((at for at in (agent_at, kubelet_at) if at is not None), default=None)
    contacts = sure_contacts(satellite.contacts, _latest(agent_at, observing_since), now)
    contact = contacts[-1] if contacts and contacts[-1].contains(now) else None
    ears_since, ears_until = hearing.proven(now)

    def silent_s(*since: datetime | None, until: datetime) -> float:
        return contact.seconds(_latest(observing_since, *since), until) if contact else 0.0

    return Silence(
        agent_age_s=_age_s(agent_at, now),
        kubelet_age_s=_age_s(kubelet_at, now),
        contact=contact,
        agent_silent_s=silent_s(agent_at, until=now),
        kubelet_silent_s=silent_s(kubelet_at, until=now),
        agent_proven_s=silent_s(agent_at, ears_since, until=ears_until),
        kubelet_proven_s=silent_s(kubelet_at, ears_since, until=ears_until),
        agent_missed_s=_agent_missed_s(satellite, agent_at, kubelet_at, observing_since),
        agent_known_silent=agent_known_silent(satellite),
        suspect_after_s=suspect_after_s(satellite),
        lost_after_s=lost_after_s(satellite),
        passed=tuple(_passed(satellite, contacts, heard_at, observing_since, now)),
    )


def _passed(
    satellite: SatelliteView,
    contacts: list[SureContact],
    heard_at: datetime | None,
    observing_since: datetime,
    now: datetime,
) -> list[SureContact]:
    """Contacts that count as passes missed: long enough, listened to, and over."""
    least_s = max(LEAST_PASS_S, suspect_after_s(satellite))
    judged = satellite.status.passes_judged_until
    return [
        contact
        for contact in contacts
        if contact.end is not None
        and contact.end <= now
        and (heard_at is None or contact.opens > heard_at)
        # New elements may have moved the end of one that was judged.
        and (judged is None or contact.start >= judged)
        and contact.seconds(observing_since, now) >= least_s
    ]


def _agent_missed_s(
    satellite: SatelliteView,
    agent_at: datetime | None,
    kubelet_at: datetime | None,
    observing_since: datetime,
) -> float:
    if kubelet_at is None:
        return 0
    since = _latest(agent_at, observing_since)
    if satellite.contacts is UNKNOWN or not satellite.contacts.windows:
        return (kubelet_at - since).total_seconds()
    return sure_contact_s(satellite.contacts, since, kubelet_at)


def _age_s(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else (now - moment).total_seconds()


def _latest(*moments: datetime | None) -> datetime:
    """The latest of the moments, of which one at least is known."""
    return max(moment for moment in moments if moment is not None)
