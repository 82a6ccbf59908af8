"""How far a candidate has come in its wave, and what it waits for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from perigee_api.heartbeat import ArtifactState
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.analysis.compared import Compared, Drifted, Shadowed
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Record
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.satellite import Satellite

NAMED = 5
"""So many satellites are named at most."""


@dataclass(frozen=True, slots=True)
class WaveProgress:
    """A candidate's wave, as it stands."""

    revision: Revision
    wave: tuple[Satellite, ...]
    verified: frozenset[str]
    """Nodes on which a Pod of the candidate is verified."""
    active: int
    """Pods of the candidate that serve."""
    active_wanted: int
    unreachable_percent: float
    """Share of the wave that need not have passed."""
    placed_at: Mapping[str, datetime] = field(default_factory=dict)
    """Since when Pods of the candidate are there, verified or not, by Node."""
    verified_at: Mapping[str, datetime] = field(default_factory=dict)
    """Since when those that are verified are, by Node."""
    obstacles: Mapping[str, str] = field(default_factory=dict)
    """Why the candidate's Pods do not start, by Node."""
    measured: Mapping[MetricKey, Record] = field(default_factory=dict)
    """What was measured of its metrics by now."""
    compared: Compared | None = None
    """How it compares with the stable revision by now."""
    shadowed: Shadowed | None = None
    """How its answers agree with the stable revision's by now."""
    drifted: Drifted | None = None
    """How far what it is asked, and answers, is from its golden set by now."""
    shortages: Mapping[str, str] = field(default_factory=dict)
    """Where there is no room for a Pod of the candidate, by Node, and of what too little."""
    swaps: Mapping[str, str] = field(default_factory=dict)
    """Where the candidate takes, or is to take, the place of another revision, by Node: how far it
    is, in a sentence."""
    swapping_since: Mapping[str, datetime] = field(default_factory=dict)
    """By Node, where it takes that place now."""
    in_turn: frozenset[str] = frozenset()
    """Nodes that have its files on board and wait for their turn to begin with that."""
    unplaced: str = ""
    """Why Pods of the candidate find no satellite, if so."""
    nobody_selected: bool = False
    """The step under way selects by labels that no satellite has."""


@dataclass(frozen=True, slots=True)
class StepVerdict:
    """Where a step is."""

    passed: bool
    message: str
    """What it waits for."""
    stands_still: bool = False
    """Nothing goes on until a satellite comes into contact, or a person says go."""
    next_change_s: float | None = None
    awaits_person: bool = False
    """Neither satellites nor time will make it pass."""


def waiting(satellites: Sequence[Satellite], progress: WaveProgress) -> str:
    """What satellites are waiting for, the first few of them; what is the same is said once."""
    said = dict.fromkeys(_waits(satellite, progress) for satellite in satellites[:NAMED])
    rest = f" and {len(satellites) - NAMED} more" if len(satellites) > NAMED else ""
    return ", ".join(said) + rest


def _waits(satellite: Satellite, progress: WaveProgress) -> str:
    """What a satellite is waiting for, in a few words."""
    obstacle = progress.obstacles.get(satellite.node.name)
    if obstacle is not None:
        return f"{satellite.name} cannot start it: {obstacle}"
    if satellite.node.name in progress.shortages:
        return progress.shortages[satellite.node.name]
    if satellite.phase is not SatellitePhase.IN_CONTACT:
        return f"{satellite.name} is {satellite.phase.value}"
    if (delivery := _awaited_file(satellite, progress.revision)) is not None:
        return delivery
    if satellite.node.name in progress.placed_at:
        return f"{satellite.name} is starting it"
    swap = progress.swaps.get(satellite.node.name)
    return swap or progress.unplaced or f"{satellite.name} is starting it"


def _awaited_file(satellite: Satellite, revision: Revision) -> str | None:
    for artifact in revision.artifacts:
        report = satellite.report_of(artifact)
        if report is None:
            return f"{satellite.name} has not begun to fetch {artifact.sha256[:12]}"
        if report.state is ArtifactState.FETCHING:
            # In tenths: a status that changes with every heartbeat would be written as often.
            tenths = min(9, 10 * report.fetched_bytes // artifact.size)
            return f"{satellite.name} has fetched {10 * tenths} % of {artifact.size / 1e6:.1f} MB"
        if report.state is ArtifactState.FAILED:
            return f"{satellite.name}: {report.message or report.reason}"
    return None
