"""What is to be written of each satellite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.adoption import adopting_until
from perigee_operator.domain.at_rest import AtRest
from perigee_operator.domain.demands import Demands
from perigee_operator.domain.fleet import PodView, SatelliteView
from perigee_operator.domain.kinds import SATELLITE_NODE
from perigee_operator.domain.liveness.held_losses import LossHeld
from perigee_operator.domain.liveness.phase import Assessment
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.projection import (
    LOST,
    assignment_writes,
    label_writes,
    node_labels,
    orbit_kind,
    power_writes,
    taint_writes,
    wanted_taints,
)
from perigee_operator.domain.resumption import going_on
from perigee_operator.domain.roster import Roster
from perigee_operator.domain.satellite_status import Sighting, satellite_writes, status_due
from perigee_operator.domain.writes import Apply, ObjectKey, Track, Write


@dataclass(frozen=True, slots=True)
class Findings:
    """What writes to satellites follow from, beside the satellites themselves."""

    assessments: Mapping[str, Assessment]
    held: Mapping[str, LossHeld]
    pods: Mapping[str, tuple[PodView, ...]]
    """By Node."""
    stuck_agents: Mapping[str, str]
    demands: Demands


def satellite_tracks(  # noqa: PLR0913, PLR0917 - a portion of what follows from all that was found
    roster: Roster,
    found: Findings,
    at_rest: AtRest,
    first: str,
    most: int,
    now: datetime,
) -> tuple[list[Track], str]:
    """The tracks of those of whom anything is to be written; losses all, of the others a portion.

    Args:
        roster: of all satellites, by name.
        found: what is known of them.
        at_rest: those of whom nothing is to be written; told of others here.
        first: name of the satellite that comes first.
        most: tracks that there may be.
        now: the moment.

    Returns:
        The tracks, and the name of the first satellite that was left; empty for none.
    """
    tracks: list[Track] = []
    left = ""
    for view in going_on(_in_question(roster, found, at_rest, now), first):
        assessment = found.assessments[view.name]
        if len(tracks) >= most and not _is_loss(view, assessment):
            left = left or view.name
            continue
        on_board = found.pods.get(view.node.name if view.node else "", ())
        stuck = found.stuck_agents.get(view.name)
        sighting = Sighting(assessment, found.held.get(view.name), on_board, stuck)
        track = _satellite_track(view, sighting, found.demands, now)
        if track.writes:
            tracks.append(track)
        else:
            adopted_at = _adopted_at(view, on_board, now)
            at_rest.rest(view.name, min(status_due(view, now), adopted_at or END))
    return tracks, left


def _in_question(
    roster: Roster, found: Findings, at_rest: AtRest, now: datetime
) -> list[SatelliteView]:
    views, names, nodes = roster.views, roster.names, roster.nodes
    rows = at_rest.in_question(
        names,
        now,
        views,
        [*map(found.assessments.get, names)],
        [*map(found.held.get, names)],
        [*map(found.stuck_agents.get, names)],
        [*map(found.pods.get, nodes)],
        [*map(found.demands.labels.get, nodes)],
        [*map(found.demands.artifacts.get, nodes)],
        [*map(found.demands.ahead.get, nodes)],
    )
    return [views[row] for row in rows]


def _is_loss(view: SatelliteView, assessment: Assessment) -> bool:
    """Others are to stand in for it: that does not wait for its turn."""
    lost = SatellitePhase.LOST
    return assessment.phase is lost and view.status.phase is not lost


def _satellite_track(
    view: SatelliteView, sighting: Sighting, wanted: Demands, now: datetime
) -> Track:
    """The verdict is written down first; its effects follow once it stands."""
    writes: list[Write] = satellite_writes(view, sighting, now)
    if view.spec is not None and view.node is not None:
        node = view.node
        labels = node_labels(view.name, view.spec, wanted.labels.get(node.name, frozenset()))
        adopting = _adopted_at(view, sighting.pods, now) is not None
        taints = wanted_taints(view.spec, view.status, keeps_lost=adopting)
        writes += taint_writes(node, taints)
        writes += label_writes(node, labels)
        writes += power_writes(node, view.spec)
        writes += assignment_writes(view, node.name, *wanted.files(node.name))
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
