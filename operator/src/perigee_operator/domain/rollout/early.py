"""Delivery of the next wave ahead of its step: its files come up while the wave before is tried.

In low orbit a pass of some minutes comes every hour and a half: a wave whose bytes wait for the
step before takes a pass or more for them alone. What is sent ahead begins nothing: no Pod, no clock
and no verdict follows from it, and it comes after all that any model needs by now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from perigee_api.heartbeat import ArtifactState, AssignedArtifact
from perigee_api.inference_model import NextWave, RolloutStatus
from perigee_operator.domain.analysis.record import Result
from perigee_operator.domain.rollout.candidacy import let_in
from perigee_operator.domain.rollout.evidence import obstacles
from perigee_operator.domain.rollout.nearness import is_sent_ahead
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.wave import stage_of
from perigee_operator.domain.satellite import Satellite


@dataclass(frozen=True, slots=True)
class Early:
    """What is sent ahead of a model's next wave."""

    files: Mapping[str, tuple[AssignedArtifact, ...]] = field(default_factory=dict)
    """By Node."""
    wave: NextWave | None = None
    """How far it is; None where nothing is sent ahead."""


NOTHING = Early()


def sent_ahead(
    situation: Situation,
    state: RolloutState,
    wave: Iterable[Satellite],
    kept: Mapping[str, Iterable[AssignedArtifact]],
) -> Early:
    """What satellites of the next wave fetch before it comes.

    They are chosen as they will be when its step begins, with room for a Pod, and no others are
    told while anything of the wave under way is amiss, or may not be started. Who was told goes on:
    so a pause costs nobody what it has, and the same ones are chosen again.

    Args:
        situation: the model as it is.
        state: as it is to be.
        wave: satellites that may run the candidate now.
        kept: files that are to be on board anyway, by Node.
    """
    rollout = state.rollout
    if rollout is None or rollout.direct or not situation.spec.rollout.prefetches:
        return NOTHING
    candidate = situation.revisions[rollout.candidate]
    own = situation.own_digests(candidate.name)
    if not own:
        # Its files are another revision's: they are there mostly, and show nowhere who was told.
        return NOTHING
    begins = _goes_well(situation, state, rollout, candidate, tuple(wave))
    if not begins and not any(is_sent_ahead(s, own) for s in situation.traced(own)):
        return NOTHING
    coming = _coming(situation, state, rollout)
    in_contact_only = situation.clearance.on(state).only_in_contact
    files: dict[str, tuple[AssignedArtifact, ...]] = {}
    for satellite in coming:
        is_kept = {file.sha256 for file in kept.get(satellite.node.name, ())}
        missing = tuple(a for a in candidate.artifacts if a.sha256 not in is_kept)
        begins_here = begins and (satellite.reachable or not in_contact_only)
        if missing and (begins_here or is_sent_ahead(satellite, own)):
            files[satellite.node.name] = missing
    if not files:
        return NOTHING
    has_all = [s for s in coming if all(s.holds(a.sha256) for a in candidate.artifacts)]
    return Early(files, NextWave(satellites=len(coming), on_board=len(has_all)))


def _coming(
    situation: Situation, state: RolloutState, rollout: RolloutStatus
) -> tuple[Satellite, ...]:
    """The satellites that the next wave lets in beside those of now; none where no more come."""
    stage = stage_of(situation.spec.rollout, rollout)
    present = let_in(situation, rollout.candidate, state.stable, stage)
    names = {satellite.name for satellite in present}
    for following in stage.wider:
        found = let_in(situation, rollout.candidate, state.stable, following)
        if len(found) > len(present):
            others = tuple(s for s in found if s.name not in names)[: len(found) - len(present)]
            return situation.with_room(rollout.candidate, others)
    return ()


def _goes_well(
    situation: Situation,
    state: RolloutState,
    rollout: RolloutStatus,
    candidate: Revision,
    wave: tuple[Satellite, ...],
) -> bool:
    """Whether the wave under way has all begun, nothing speaks against it, and nobody holds it."""
    if situation.spec.paused or rollout.held or situation.clearance.on(state).hold is not None:
        return False
    if not wave or not all(map(situation.has_begun(candidate.name), wave)):
        return False
    failing = any(metric.last_result == Result.FAIL.value for metric in rollout.analysis)
    nodes = {satellite.node.name for satellite in wave}
    stuck = not nodes.isdisjoint(obstacles(situation.model, candidate))
    return not failing and not stuck and not any(_has_failed(s, candidate) for s in wave)


def _has_failed(satellite: Satellite, candidate: Revision) -> bool:
    reports = map(satellite.report_of, candidate.artifacts)
    return any(said is not None and said.state is ArtifactState.FAILED for said in reports)
