"""A candidate: which satellites may run it, and how far it has come there."""

from perigee_operator.domain.rollout.evidence import obstacles
from perigee_operator.domain.rollout.progress import WaveProgress
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.rollout.rolled_back import gone_back_nodes
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.unplaced import unplaced
from perigee_operator.domain.rollout.wave import share, stage_of, wave_satellites
from perigee_operator.domain.satellite import Satellite


def wave_of(situation: Situation, state: RolloutState) -> tuple[Satellite, ...]:
    """The satellites that may run the candidate; none where there is no candidate."""
    if state.rollout is None:
        return ()
    chosen = wave_satellites(
        situation.eligible,
        situation.copies,
        stage_of(situation.spec.rollout, state.rollout),
        rank=situation.nearness(state.rollout.candidate, state.stable),
        spread_by=situation.spec.placement.spread_by,
    )
    begun = situation.has_begun(state.rollout.candidate)
    return situation.clearance.on(state).wave(chosen, begun)


def wave_progress(
    situation: Situation, state: RolloutState, candidate: Revision, wave: tuple[Satellite, ...]
) -> WaveProgress:
    """How far a candidate has come on the satellites of its wave."""
    pods = situation.model.pods_of(candidate.name)
    serving = [pod for pod in pods if pod.serves]
    return WaveProgress(
        revision=candidate,
        wave=wave,
        verified=situation.verified_nodes(candidate.name)
        - gone_back_nodes(situation, candidate.name),
        active=len(serving),
        active_wanted=active_wanted(situation, state),
        unreachable_percent=situation.spec.rollout.unreachable_percent,
        placed_at={pod.node: pod.created_at for pod in pods if pod.node is not None},
        verified_at={pod.node: pod.verified_at for pod in pods if pod.node and pod.verified_at},
        obstacles=obstacles(situation.model, candidate),
        measured=situation.model.measured,
        compared=situation.model.compared,
        unplaced=unplaced(pods, situation.model.status.message),
        nobody_selected=_selects_nobody(situation, state),
        shortages=situation.shortages(candidate.name, wave),
    )


def _selects_nobody(situation: Situation, state: RolloutState) -> bool:
    if state.rollout is None:
        return False
    return stage_of(situation.spec.rollout, state.rollout).selects_nobody(situation.eligible)


def active_wanted(situation: Situation, state: RolloutState) -> int:
    """Pods of the candidate that are to serve."""
    if state.rollout is None:
        return 0
    return share(stage_of(situation.spec.rollout, state.rollout).weight, situation.copies)
