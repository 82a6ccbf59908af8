"""The plan: everything that is to be written now, decided from one snapshot of the fleet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter

from perigee_operator.domain.agents.replacement import replacement
from perigee_operator.domain.demands import Demands, demands
from perigee_operator.domain.discovery import is_departing, stray_track
from perigee_operator.domain.fleet import ModelView, PodView, Settings, Snapshot
from perigee_operator.domain.memory import Memory
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.placement.on_board import on_board
from perigee_operator.domain.resumption import BEGINNING, Resumption, going_on, portion
from perigee_operator.domain.rollout.actions import lone_tracks
from perigee_operator.domain.rollout.decision import decide
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.places import Places, in_order
from perigee_operator.domain.rollout.surroundings import Surroundings
from perigee_operator.domain.roster import Roster
from perigee_operator.domain.satellite import departing
from perigee_operator.domain.satellite_tracks import Findings, satellite_tracks
from perigee_operator.domain.writes import Track


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, and when to look again at the latest."""

    tracks: tuple[Track, ...]
    """Only those with writes."""
    next_look_s: float
    resumption: Resumption = BEGINNING
    """Where the next plan is to begin."""


def plan(
    snapshot: Snapshot,
    now: datetime,
    memory: Memory | None = None,
    begins: Resumption = BEGINNING,
    most: int | None = None,
) -> Plan:
    """Decides what is to be done about the whole fleet.

    Pure: the same snapshot and moment give the same plan, whatever was planned before; what waits
    for its turn may be as it was in the last one.

    Args:
        snapshot: the fleet.
        now: the moment; not before that of the last plan with the same memory.
        memory: what the last plan found out, so that it need not be found out again.
        begins: where the last plan said.
        most: tracks of satellites, and as many of all else; None: as the settings say.
    """
    settings, memory = snapshot.settings, memory or Memory()
    roster = Roster(snapshot.satellites)
    memory.watch.see(roster)
    assessments, held = memory.watch.look(snapshot.hearing, settings.loss_budget_percent, now)
    boards = memory.on_board.of(snapshot.models, partial(on_board, snapshot.models))
    pods = boards.pods
    known = memory.satellites.look(roster, assessments, boards.claims, settings.losing_guard_s, now)
    leaving = {
        node.name: departing(node)
        for node in snapshot.strays
        if is_departing(node, pods.get(node.name, ()))
    }
    directory = Directory(known | leaving if leaving else known, memory.satellites.traces)

    models = {model.key: model for model in snapshot.models}
    places = Places(snapshot.models, settings.rollouts_at_once, now)

    def decided(model: ModelView) -> ModelDecision:
        found = decide(model, directory, Surroundings(models, places.turn), settings, now)
        places.note(found)
        return found

    memory.note_departing(leaving.keys())
    most = settings.tracks_at_once if most is None else most
    if settings.rollouts_at_once:
        order, enough = in_order(snapshot.models), None
    else:
        order, enough = _in_turn(snapshot.models, begins), most
    found = memory.models.decided(order, memory.satellites, decided, now, enough)
    by_key = {model.key: each for model, each in zip(order, found, strict=True)}
    decisions = [by_key[model.key] for model in snapshot.models]
    of_each = ((d.node_labels, d.artifacts, d.ahead, d.dispensable) for d in decisions)
    wanted = memory.demands.of(chain.from_iterable(of_each), partial(demands, decisions))
    hears = snapshot.hearing.observing_since is not None
    agents = replacement(snapshot.agents if hears else None, snapshot.satellites, known, now)
    findings = Findings(assessments, held, pods, agents.stuck, wanted)
    of_satellites, next_satellite = satellite_tracks(
        roster, findings, memory.at_rest, begins.satellite, most, now
    )
    of_others, next_track = portion(
        chain(
            (decision.track for decision in decisions),
            _stray_tracks(snapshot, pods, wanted, now),
            lone_tracks(snapshot.lone_actions, now),
            agents.tracks,
        ),
        begins.track,
        most,
    )
    resumption = Resumption(next_satellite, next_track)
    due = (
        memory.watch.next_due(),
        memory.satellites.next_change,
        memory.models.next_change(),
    )
    return Plan(
        (*of_satellites, *of_others),
        0.0 if resumption != BEGINNING else _next_look_s(due, decisions, settings, now),
        resumption,
    )


def _in_turn(models: Iterable[ModelView], begins: Resumption) -> list[ModelView]:
    """Models in the order in which they have their turns."""
    by_key = attrgetter("key")
    return list(going_on(sorted(models, key=by_key), begins.track, by_key))


def _stray_tracks(
    snapshot: Snapshot,
    pods: Mapping[str, tuple[PodView, ...]],
    wanted: Demands,
    now: datetime,
) -> Iterable[Track]:
    names = {view.name for view in snapshot.satellites} if snapshot.strays else set()
    for node in snapshot.strays:
        on_board = pods.get(node.name, ())
        taken = node.name in names
        yield stray_track(node, on_board, wanted.dispensable, name_taken=taken, now=now)


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
