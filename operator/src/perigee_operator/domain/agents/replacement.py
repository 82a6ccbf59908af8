"""Which agents are replaced now: the DaemonSet replaces none by itself.

A rolling update would end the agents of dark satellites first. So an outdated agent goes while its
satellite is in contact for long enough to get the next one, a few at a time, and no other before
those have been heard again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.agents.agent import AgentSetView, AgentView
from perigee_operator.domain.fleet import SatelliteView
from perigee_operator.domain.kinds import POD
from perigee_operator.domain.liveness.contact_clock import sure_contacts
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.writes import Delete, ObjectKey, Track

SHARE_PERCENT: Final = 25
"""Of the satellites in contact so many may be without their agent at once, and one at least."""
START_S: Final = 60.0
"""Seconds of contact that must be left for an agent to end and the next to be heard."""
DEADLINE_S: Final = 300.0
"""Seconds of contact after which an agent that has not been heard is stuck, its image aside."""
FETCH_FACTOR: Final = 2
"""A link carries more than the image: as for an artifact, it may take twice the time."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is done about the agents now."""

    tracks: tuple[Track, ...] = ()
    stuck: Mapping[str, str] = field(default_factory=dict)
    """By satellite's name, why its agent holds up all others."""


@dataclass(frozen=True, slots=True)
class _Carrier:
    """A satellite in service, and its agent."""

    satellite: Satellite
    agent: AgentView
    answers: bool
    outdated: bool
    fetch_s: float
    """Seconds that the image takes to get there."""

    @property
    def in_contact(self) -> bool:
        return self.satellite.reachable and self.satellite.phase is SatellitePhase.IN_CONTACT


def replacement(
    agents: AgentSetView | None,
    views: Iterable[SatelliteView],
    satellites: Mapping[str, Satellite],
    now: datetime,
) -> Replacement:
    """The agents that are to end now, or why none is.

    Nothing is remembered: an agent is under way as long as it is of the new template and does not
    answer, whoever ended the one before it.

    Args:
        agents: the DaemonSet; None: there is none, or somebody else replaces its Pods.
        views: all satellites.
        satellites: the same by Node, as far as they have one.
        now: the moment.
    """
    if agents is None or not (agents.outdated or agents.unsettled):
        return Replacement()
    carriers = list(_carriers(agents, views, satellites))
    under_way = [each for each in carriers if not (each.outdated or each.answers)]
    stuck = {each.satellite.name: _why(each) for each in under_way if _is_stuck(each, now)}
    if stuck:
        return Replacement(stuck=stuck)
    room = _limit(carriers) - len(under_way)
    if room <= 0:
        return Replacement()
    return Replacement(tuple(_ending(agents, each) for each in _next(carriers, now)[:room]))


def _carriers(
    agents: AgentSetView, views: Iterable[SatelliteView], satellites: Mapping[str, Satellite]
) -> Iterator[_Carrier]:
    """Satellites that a human has taken out of service, or that never were in it, do not count."""
    for view in views:
        found = satellites.get(view.node.name) if view.node else None
        if found is None or view.agent is None:
            continue
        if found.leaving or found.phase is SatellitePhase.PENDING:
            continue
        node = found.node.name
        yield _Carrier(
            found,
            view.agent,
            answers=view.agent.answers(view.heartbeat.arrived_at if view.heartbeat else None),
            outdated=node in agents.outdated,
            fetch_s=agents.to_fetch.get(node, 0) * 8 / 1000 / found.uplink_kbit_s,
        )


def _limit(carriers: Sequence[_Carrier]) -> int:
    """How many may be under way at once: one, until the new agent has been heard at all."""
    if not any(each.answers and not each.outdated for each in carriers):
        return 1
    return max(1, sum(each.in_contact for each in carriers) * SHARE_PERCENT // 100)


def _next(carriers: Iterable[_Carrier], now: datetime) -> list[_Carrier]:
    """Those whose agent can be replaced now, the best first.

    Longer contact leaves more time. An agent that does not answer as it is comes last: the next one
    may not either, whatever it is worth, and would hold up all others.
    """
    able = ((each, _in_contact_until(each, now)) for each in carriers if each.outdated)
    ranked = sorted(
        (not each.answers, END - until, each.satellite.name, each)
        for each, until in able
        if until is not None
    )
    return [each for *_, each in ranked]


def _in_contact_until(each: _Carrier, now: datetime) -> datetime | None:
    """None where contact is not to be counted on for as long as it takes."""
    if not (each.in_contact and each.satellite.settled):
        return None
    enough_at = now + timedelta(seconds=START_S + each.fetch_s)
    for contact in sure_contacts(each.satellite.contacts, now, enough_at):
        if contact.contains(now) and (contact.end is None or contact.end >= enough_at):
            return contact.end or END
    return None


def _is_stuck(each: _Carrier, now: datetime) -> bool:
    allowed_s = DEADLINE_S + FETCH_FACTOR * each.fetch_s
    return each.satellite.contact_s(each.agent.changed_at, now) > allowed_s


def _why(each: _Carrier) -> str:
    missing = "has not ended" if each.agent.deleting else "is not ready, or was not heard,"
    return (
        f"The agent's Pod {each.agent.name} {missing} after {DEADLINE_S:.0f} s of contact, beside "
        "what its image takes. No other agent is replaced meanwhile."
    )


def _ending(agents: AgentSetView, each: _Carrier) -> Track:
    key = ObjectKey(POD, each.agent.name, agents.namespace)
    return Track(f"agent/{each.satellite.name}", (Delete(key, each.agent.uid),))
