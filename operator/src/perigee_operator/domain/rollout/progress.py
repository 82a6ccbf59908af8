"""How far a candidate has come in its wave, and what it waits for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from perigee_api.heartbeat import ArtifactState
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Record
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.satellite import Satellite


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


@dataclass(frozen=True, slots=True)
class StepVerdict:
    """Where a step is."""

    passed: bool
    message: str
    """What it waits for."""
    stands_still: bool = False
    """Nothing goes on until a satellite comes into contact, or a person says go."""
    next_change_s: float | None = None


def waits(satellite: Satellite, progress: WaveProgress) -> str:
    """What a satellite is waiting for, in a few words."""
    obstacle = progress.obstacles.get(satellite.node.name)
    if obstacle is not None:
        return f"{satellite.name} cannot start it: {obstacle}"
    if satellite.phase is not SatellitePhase.IN_CONTACT:
        return f"{satellite.name} is {satellite.phase.value}"
    for artifact in progress.revision.artifacts:
        report = satellite.report_of(artifact)
        if report is None:
            return f"{satellite.name} has not begun to fetch {artifact.sha256[:12]}"
        if report.state is ArtifactState.FETCHING:
            # In tenths: a status that changes with every heartbeat would be written as often.
            tenths = min(9, 10 * report.fetched_bytes // artifact.size)
            return f"{satellite.name} has fetched {10 * tenths} % of {artifact.size / 1e6:.1f} MB"
        if report.state is ArtifactState.FAILED:
            return f"{satellite.name}: {report.message or report.reason}"
    return f"{satellite.name} is starting it"
