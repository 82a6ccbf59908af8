"""The plan: everything that is to be written now, decided from one snapshot of the fleet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from perigee_api.heartbeat import AssignedArtifact
from perigee_operator.domain.adoption import adopting_until
from perigee_operator.domain.agents.replacement import replacement
from perigee_operator.domain.discovery import is_departing, stray_track
from perigee_operator.domain.fleet import ModelView, PodView, SatelliteView, Settings, Snapshot
from perigee_operator.domain.kinds import SATELLITE_NODE
from perigee_operator.domain.liveness.held_losses import LossHeld
from perigee_operator.domain.liveness.phase import Assessment
from perigee_operator.domain.memory import IdleSatellites, Memory
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.placement.room import claims
from perigee_operator.domain.projection import (
    LOST,
    assignment_writes,
    label_writes,
    node_labels,
    orbit_kind,
    taint_writes,
    wanted_taints,
)
from perigee_operator.domain.rollout.actions import lone_tracks
from perigee_operator.domain.rollout.decision import decide
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.places import Places, in_order
from perigee_operator.domain.rollout.surroundings import Surroundings
from perigee_operator.domain.satellite import departing
from perigee_operator.domain.satellite_status import Sighting, satellite_writes, status_due
from perigee_operator.domain.writes import Apply, ObjectKey, Track, Write


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, and when to look again at the latest."""

    tracks: tuple[Track, ...]
    """Only those with writes."""
    next_look_s: float


@dataclass(frozen=True, slots=True)
class _Demands:
    """What the models want of the satellites, by Node."""

    labels: Mapping[str, frozenset[str]]
    artifacts: Mapping[str, tuple[AssignedArtifact, ...]]
    dispensable: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Findings:
    """What writes to satellites follow from, beside the satellites themselves."""

    assessments: Mapping[str, Assessment]
    held: Mapping[str, LossHeld]
    pods: Mapping[str, tuple[PodView, ...]]
    """By Node."""
    stuck_agents: Mapping[str, str]
    demands: _Demands


def plan(snapshot: Snapshot, now: datetime, memory: Memory | None = None) -> Plan:
    """Decides what is to be done about the whole fleet.

    Pure: the same snapshot and moment give the same plan, whatever was planned before.

    Args:
        snapshot: the fleet.
        now: the moment; not before that of the last plan with the same memory.
        memory: what the last plan found out, so that it need not be found out again.
    """
    settings, memory = snapshot.settings, memory or Memory()
    memory.watch.see(snapshot.satellites)
    assessments, held = memory.watch.look(snapshot.hearing, settings.loss_budget_percent, now)
    pods = _pods_by_node(snapshot)
    known = memory.satellites.look(
        snapshot.satellites, assessments, claims(pods), settings.losing_guard_s, now
    )
    leaving = {
        node.name: departing(node)
        for node in snapshot.strays
        if is_departing(node, pods.get(node.name, ()))
    }
    satellites = known | leaving

    models = {model.key: model for model in snapshot.models}
    places = Places(snapshot.models, settings.rollouts_at_once, now)

    def decided(model: ModelView) -> ModelDecision:
        found = decide(model, satellites, Surroundings(models, places.turn), settings, now)
        places.note(found)
        return found

    memory.note_departing(leaving.keys())
    order = in_order(snapshot.models)
    found = memory.models.decided(order, memory.satellites, decided, now)
    by_key = {model.key: each for model, each in zip(order, found, strict=True)}
    decisions = [by_key[model.key] for model in snapshot.models]
    demands = _demands(decisions)
    hears = snapshot.hearing.observing_since is not None
    agents = replacement(snapshot.agents if hears else None, snapshot.satellites, known, now)
    findings = _Findings(assessments, held, pods, agents.stuck, demands)
    memory.idle.keep(assessments.keys())
    tracks = [
        *_satellite_tracks(snapshot.satellites, findings, memory.idle, now),
        *(decision.track for decision in decisions),
        *_stray_tracks(snapshot, pods, demands, now),
        *lone_tracks(snapshot.lone_actions, now),
        *agents.tracks,
    ]
    due = (memory.watch.next_due(), memory.satellites.next_change())
    return Plan(
        tuple(track for track in tracks if track.writes),
        _next_look_s(due, decisions, settings, now),
    )


def _stray_tracks(
    snapshot: Snapshot,
    pods: Mapping[str, tuple[PodView, ...]],
    demands: _Demands,
    now: datetime,
) -> Iterable[Track]:
    names = {view.name for view in snapshot.satellites} if snapshot.strays else set()
    for node in snapshot.strays:
        on_board = pods.get(node.name, ())
        taken = node.name in names
        yield stray_track(node, on_board, demands.dispensable, name_taken=taken, now=now)


def _satellite_tracks(
    views: Iterable[SatelliteView], found: _Findings, idle: IdleSatellites, now: datetime
) -> Iterable[Track]:
    demands = found.demands
    for view in views:
        node = view.node.name if view.node else ""
        assessment, held = found.assessments[view.name], found.held.get(view.name)
        stuck = found.stuck_agents.get(view.name)
        on_board = found.pods.get(node, ())
        wanted = (demands.labels.get(node), demands.artifacts.get(node))
        grounds = (view, assessment, held, stuck, on_board, wanted)
        if idle.is_idle(view.name, grounds, now):
            continue
        sighting = Sighting(assessment, held, on_board, stuck)
        track = _satellite_track(view, sighting, demands, now)
        if track.writes:
            idle.forget(view.name)
            yield track
        else:
            adopted_at = _adopted_at(view, on_board, now)
            idle.note(view.name, grounds, min(status_due(view, now), adopted_at or END))


def _demands(decisions: Iterable[ModelDecision]) -> _Demands:
    labels: dict[str, frozenset[str]] = defaultdict(frozenset)
    artifacts: dict[str, dict[str, AssignedArtifact]] = defaultdict(dict)
    for decision in decisions:
        for node, keys in decision.node_labels.items():
            labels[node] |= keys
        for node, wanted in decision.artifacts.items():
            artifacts[node].update({artifact.sha256: artifact for artifact in wanted})
    return _Demands(
        labels,
        {node: tuple(found.values()) for node, found in artifacts.items()},
        frozenset[str]().union(*(decision.dispensable for decision in decisions)),
    )


def _pods_by_node(snapshot: Snapshot) -> dict[str, tuple[PodView, ...]]:
    found: dict[str, list[PodView]] = defaultdict(list)
    for model in snapshot.models:
        for pod in model.pods:
            if pod.node is not None:
                found[pod.node].append(pod)
    return {node: tuple(pods) for node, pods in found.items()}


def _satellite_track(
    view: SatelliteView, sighting: Sighting, demands: _Demands, now: datetime
) -> Track:
    """The verdict is written down first; its effects follow once it stands."""
    writes: list[Write] = satellite_writes(view, sighting, now)
    if view.spec is not None and view.node is not None:
        node = view.node
        labels = node_labels(view.name, view.spec, demands.labels.get(node.name, frozenset()))
        adopting = _adopted_at(view, sighting.pods, now) is not None
        taints = wanted_taints(view.spec, view.status, keeps_lost=adopting)
        writes += taint_writes(node, taints)
        writes += label_writes(node, labels)
        writes += assignment_writes(view, node.name, demands.artifacts.get(node.name, ()))
    if (
        view.spec is not None
        and view.spec.orbit.unknown
        and orbit_kind(view.spec.orbit) != "unknown"
    ):
        # Somebody has said where it is: what discovery wrote is taken back.
        writes.append(Apply(ObjectKey(SATELLITE_NODE, view.name), {"metadata": {"uid": view.uid}}))
    return Track(view.key, tuple(writes))


def _adopted_at(view: SatelliteView, on_board: Sequence[PodView], now: datetime) -> datetime | None:
    """When the taint of a loss is lifted, as things are; None where there is none, or it is due."""
    if view.node is None or LOST not in view.node.taints:
        return None
    return adopting_until(view.status, on_board, now)


def _next_look_s(
    due: tuple[datetime | None, ...],
    decisions: Iterable[ModelDecision],
    settings: Settings,
    now: datetime,
) -> float:
    changes = [
        *((moment - now).total_seconds() for moment in due if moment is not None),
        *(d.next_change_s for d in decisions if d.next_change_s is not None),
    ]
    return max(0.0, min(settings.sweep_limit_s, *changes))
