"""A satellite as placement and rollout see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from perigee_api import names
from perigee_api.heartbeat import ArtifactReport, ArtifactState, AssignedArtifact, RolledBack
from perigee_api.satellite_node import Link, SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import NodeView, SatelliteView
from perigee_operator.domain.liveness.contact_clock import next_sure_start
from perigee_operator.domain.liveness.phase import Assessment
from perigee_operator.domain.liveness.plan_accuracy import CONTACT_PLAN_ACCURATE
from perigee_operator.domain.liveness.silence import BEATS_UNTIL_SUSPECT
from perigee_operator.domain.orbit.contacts import UNKNOWN, Contacts
from perigee_operator.domain.orbit.window import contact_s
from perigee_operator.domain.vitals import is_spared
from perigee_operator.domain.workloads.quantity import NOTHING, Amounts

NEVER = datetime.min.replace(tzinfo=UTC)

LEAST_STEP_S = 1e-6
"""Moments are rounded to this."""

SETTLING_S = 10.0
"""After a return the API still shows what was so before: this long until the kubelet has spoken."""

ROUTING_S = 65.0
"""So far can a kube-proxy whose link has come back be behind: its watches pause for up to a minute
before they try again (`wait.NewExponentialBackoffManager` in client-go's reflector: 30 s, and up to
as much at random). Until then clients on board are led to where Pods were."""

UNSTEADY_S = 600.0
"""A satellite whose signs of life come with gaps all the time is not waited for any longer."""


@dataclass(frozen=True, slots=True)
class Satellite:
    """A satellite that has a Node, with what is recorded and known of it.

    The phase is the one that its status records: effects follow a verdict only once it is
    written down, so that a restart between the two changes nothing.
    """

    name: str
    node: NodeView
    phase: SatellitePhase
    reachable: bool
    """In contact, and not about to set: requests from the ground may go there."""
    settled: bool
    """It has been well for long enough to believe what the API says of its Pods."""
    leaving: bool
    """A human takes it out of service, or it is to be spared: its copies serve until others stand
    in for them."""
    artifacts: Mapping[str, ArtifactReport]
    assigned: frozenset[str]
    """Digests of the artifacts that it was told to keep for what has begun there."""
    contacts: Contacts
    """`UNKNOWN` while it is out of service."""
    ahead: frozenset[str] = frozenset()
    """Digests of those that it was told to fetch ahead of their turn: they begin nothing."""
    reports: bool = True
    """What its agent says can be read: otherwise nobody hears when an artifact is on board."""
    told_at: datetime | None = None
    """When it was last told what to keep before it reported: at the heartbeat before, if seen."""
    rolled_back: tuple[RolledBack, ...] = ()
    """Its Pods that have gone back on board."""
    uplink_kbit_s: float = Link().uplink
    rises_at: datetime | None = None
    """When it is surely in contact next; None while it is reachable, or where nobody knows."""
    routed: bool = True
    """Clients on board are led by what the API says now: a Pod that ends there is asked no more."""
    claimed: Amounts = field(default_factory=dict)
    """What the Pods of models on it have set aside."""
    plan_errs: bool = False
    """It was heard outside of its contact plan: when it is in contact nobody knows for sure."""
    unsuited: bool = False
    """It has Pods of a model that may not run there any more."""
    usable: bool = field(init=False)
    """It may get new copies, now or at its next pass: asked of each satellite for each model."""

    def __post_init__(self) -> None:
        usable = not self.out_of_service and self.phase is not SatellitePhase.PENDING
        object.__setattr__(self, "usable", usable)

    @property
    def out_of_service(self) -> bool:
        """Its copies do not count, and it gets no new ones."""
        return self.leaving or self.unsuited or self.lost

    @property
    def lost(self) -> bool:
        """It is silent for good, as far as anybody knows."""
        return self.phase is SatellitePhase.LOST

    def holds(self, sha256: str) -> bool:
        """Whether an artifact is on board, complete and verified."""
        report = self.artifacts.get(sha256)
        return report is not None and report.state is ArtifactState.VERIFIED

    def report_of(self, artifact: AssignedArtifact) -> ArtifactReport | None:
        """What its agent says of an artifact, but for a failure under another address.

        The agent may not have heard yet that the address was corrected.
        """
        report = self.artifacts.get(artifact.sha256)
        if report is None or report.state is not ArtifactState.FAILED:
            return report
        return report if report.uri == artifact.uri else None

    def contact_s(self, since: datetime, until: datetime) -> float:
        """Seconds in predicted contact between two moments."""
        return contact_s(self.contacts.between(since, until), since, until)


def satellite(
    view: SatelliteView,
    assessment: Assessment,
    losing_guard_s: float,
    now: datetime,
    claimed: Amounts = NOTHING,
) -> Satellite | None:
    """The satellite, or None where it has no Node."""
    if view.node is None:
        return None
    reachable = _is_heard(view, now) and _is_up(view, assessment.contacts, losing_guard_s, now)
    heartbeat = view.heartbeat
    report = heartbeat.report if heartbeat else None
    assignment = heartbeat.assignment if heartbeat else None
    told = frozenset(a.sha256 for a in assignment.artifacts) if assignment else frozenset[str]()
    ahead = frozenset((assignment.ahead if assignment else None) or ())
    return Satellite(
        name=view.name,
        node=view.node,
        phase=view.status.phase,
        reachable=reachable,
        settled=_is_settled(view.status, now),
        leaving=_is_leaving(view),
        artifacts=report.artifacts if report else {},
        told_at=heartbeat.previous_at if heartbeat else None,
        rolled_back=(report.rolled_back if report else None) or (),
        assigned=told - ahead,
        ahead=ahead,
        contacts=assessment.contacts,
        reports=heartbeat is None or heartbeat.report_error is None,
        uplink_kbit_s=(view.spec.link if view.spec else Link()).uplink,
        rises_at=None if reachable else next_sure_start(assessment.contacts, now),
        routed=_is_routed(view, now),
        claimed=claimed,
        plan_errs=_plan_errs(view),
    )


def _plan_errs(view: SatelliteView) -> bool:
    return any(
        condition.type == CONTACT_PLAN_ACCURATE and condition.status == "False"
        for condition in view.status.conditions
    )


def _is_routed(view: SatelliteView, now: datetime) -> bool:
    """Not before it is heard, either: its kubelet may tell of a Pod before its agent speaks."""
    left_s = _routed_in_s(view, now)
    return _is_heard(view, now) and left_s is not None and left_s <= 0


def _routed_in_s(view: SatelliteView, now: datetime) -> float | None:
    """Seconds until its routes are as the API says; None where it was never heard."""
    if view.heard_since is None or view.linked_since is None:
        return None
    heard_s = (now - view.heard_since).total_seconds()
    linked_s = (now - view.linked_since).total_seconds()
    return min(ROUTING_S - linked_s, UNSTEADY_S - heard_s)


def _is_leaving(view: SatelliteView) -> bool:
    if view.spec is None:
        return False
    return view.spec.maintenance or view.spec.decommissioned or is_spared(view.status)


def departing(node: NodeView) -> Satellite:
    """A Node whose SatelliteNode was deleted, for as long as it has Pods."""
    return Satellite(
        name=node.name,
        node=node,
        phase=SatellitePhase.PENDING,
        reachable=node.ready,
        settled=node.ready,
        leaving=True,
        artifacts={},
        assigned=frozenset(),
        contacts=UNKNOWN,
    )


def seconds_until_withdrawal(item: Satellite, losing_guard_s: float, now: datetime) -> float | None:
    """Seconds until the satellite leaves or enters the ground's reach by its contact plan."""
    window = item.contacts.current(now)
    if window is not None and window.end is not None:
        left_s = (window.end - now).total_seconds()
        guard_s = losing_guard_s + window.guard_s
        return left_s - guard_s if left_s > guard_s else left_s
    following = item.contacts.upcoming(now)
    return (following.start - now).total_seconds() if following else None


def steady_for_s(
    view: SatelliteView, found: Satellite, losing_guard_s: float, now: datetime
) -> float | None:
    """Seconds until time alone makes a satellite another; None if it never does."""
    changes = [seconds_until_withdrawal(found, losing_guard_s, now)]
    settles_at = None if found.settled else settling_until(view.status)
    if settles_at is not None:
        changes.append((settles_at - now).total_seconds())
    if not found.routed:
        changes.append(_routed_in_s(view, now))
    if view.status.phase is SatellitePhase.MAINTENANCE and view.heartbeat is not None:
        changes.append(_overdue_s(view) - (now - view.heartbeat.arrived_at).total_seconds())
    coming = (max(each, LEAST_STEP_S) for each in changes if each is not None and each >= 0)
    return min(coming, default=None)


def is_alike(one: Satellite, other: Satellite) -> bool:
    """Whether the same models may run on both, for all that labels of revisions do not tell."""
    return _suits(one) == _suits(other)


def is_same_at_rest(one: Satellite, other: Satellite) -> bool:
    """Whether they are the same to models of which no rollout is under way.

    When it was told what to keep changes with every heartbeat, and is asked of no other.
    """
    return replace(one, told_at=other.told_at) == other


def _suits(item: Satellite) -> tuple[object, ...]:
    labels = {
        key: value for key, value in item.node.labels.items() if not names.is_revision_label(key)
    }
    usable = (item.usable, item.out_of_service, item.phase is SatellitePhase.PENDING)
    node = item.node
    return item.name, node.name, node.architecture, node.allocatable, labels, usable


def _overdue_s(view: SatelliteView) -> float:
    return BEATS_UNTIL_SUSPECT * view.spec.liveness.heartbeat_interval if view.spec else 0.0


def _is_heard(view: SatelliteView, now: datetime) -> bool:
    """Whether it is in contact, in maintenance, too, where the phase does not tell."""
    if view.status.phase is not SatellitePhase.MAINTENANCE:
        return view.status.phase is SatellitePhase.IN_CONTACT
    if view.heartbeat is None or view.spec is None:
        return False
    return (now - view.heartbeat.arrived_at).total_seconds() <= _overdue_s(view)


def settling_until(status: SatelliteNodeStatus) -> datetime | None:
    """When it will have been well for long enough, or has been; None while it is not well."""
    since = next(
        (
            condition.last_transition_time
            for condition in status.conditions
            if condition.type == "Ready" and condition.status == "True"
        ),
        None,
    )
    return None if since is None else since + timedelta(seconds=SETTLING_S)


def _is_settled(status: SatelliteNodeStatus, now: datetime) -> bool:
    settles_at = settling_until(status)
    return settles_at is not None and now >= settles_at


def _is_up(view: SatelliteView, contacts: Contacts, guard_s: float, now: datetime) -> bool:
    """Whether the plan leaves it in the ground's reach for longer than the guard time."""
    window = contacts.current(now)
    if window is None:
        # The last heartbeat of a contact is still fresh when the contact has ended. Only what
        # is heard after it shows that the plan errs.
        ended = contacts.latest_end(now)
        return ended is None or _heard_at(view) > ended
    if window.end is None or (window.end - now).total_seconds() > guard_s + window.guard_s:
        return True
    # Another station may take over before this one loses it.
    following = contacts.upcoming(now)
    return following is not None and following.start <= window.end


def _heard_at(view: SatelliteView) -> datetime:
    """When its agent or its kubelet was heard last."""
    agent_at = view.heartbeat.arrived_at if view.heartbeat else None
    return max(at for at in (agent_at, view.kubelet_arrived_at, NEVER) if at is not None)
