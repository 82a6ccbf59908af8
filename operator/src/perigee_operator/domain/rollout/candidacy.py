"""A candidate: which satellites may run it, and how far it has come there."""

from collections.abc import Collection, Mapping
from datetime import datetime

from perigee_operator.domain.rollout.evidence import obstacles
from perigee_operator.domain.rollout.layout import RevisionLayout
from perigee_operator.domain.rollout.progress import WaveProgress
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.rollout.rolled_back import gone_back_nodes
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.swap import Swapping, swapping
from perigee_operator.domain.rollout.unplaced import unplaced
from perigee_operator.domain.rollout.wave import Stage, share, stage_of, wave_satellites
from perigee_operator.domain.satellite import Satellite


def wave_of(situation: Situation, state: RolloutState) -> tuple[Satellite, ...]:
    """The satellites that may run the candidate; none where there is no candidate."""
    if state.rollout is None:
        return ()
    stage = stage_of(situation.spec.rollout, state.rollout)
    chosen = let_in(situation, state.rollout.candidate, state.stable, stage)
    begun = situation.has_begun(state.rollout.candidate)
    return situation.clearance.on(state).wave(chosen, begun)


def let_in(
    situation: Situation, candidate: str, stable: str | None, stage: Stage
) -> tuple[Satellite, ...]:
    """The satellites that a stage lets in, whether anything may be started now or not."""
    copies = situation.copies
    by_nearness = stage.lets_in_by_nearness
    return wave_satellites(
        situation.candidates(candidate, stable, copies) if by_nearness else situation.eligible,
        copies,
        stage,
        rank=situation.nearness(candidate, stable),
        spread_by=situation.spec.placement.spread_by,
        begin=situation.begin,
    )


def wave_progress(
    situation: Situation, state: RolloutState, candidate: Revision, wave: tuple[Satellite, ...]
) -> WaveProgress:
    """How far a candidate has come on the satellites of its wave."""
    pods = situation.model.pods_of(candidate.name)
    serving = [pod for pod in pods if pod.serves]
    swaps = swapping(situation, state, wave, situation.now)
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
        shadowed=situation.model.shadowed,
        drifted=situation.model.drifted,
        unplaced=unplaced(pods, situation.model.status.message),
        nobody_selected=_selects_nobody(situation, state),
        shortages=situation.shortages(candidate.name, wave),
        swaps=_swaps_told(situation, swaps),
        swapping_since=_swapping_since(situation, candidate, swaps),
        in_turn=swaps.in_turn,
    )


def _swapping_since(
    situation: Situation, candidate: Revision, swaps: Swapping
) -> dict[str, datetime]:
    began = {
        swap.satellite: swap.began
        for swap in swaps.records
        if swap.revision == candidate.name and swap.ended is None
    }
    found = situation.satellites.items() if began else ()
    return {node: began[each.name] for node, each in found if each.name in began}


def _swaps_told(situation: Situation, swaps: Swapping) -> dict[str, str]:
    """What becomes of swaps that are not over, by Node."""
    under_way = {
        node: f"{swap.satellite} swaps in place since {swap.began:%H:%M:%S} UTC"
        for node, swap in situation.boards.swaps.items()
        if swap.ended is None
    }
    return under_way | dict(swaps.waits)


def alone_on(
    situation: Situation, state: RolloutState, places: Mapping[str, RevisionLayout]
) -> frozenset[str]:
    """Nodes on which the candidate has taken the stable revision's place."""
    if state.candidate is None or state.stable is None:
        return frozenset()
    taken = {n for n, s in situation.boards.swaps.items() if s.revision == state.candidate}
    if situation.spec.placement.every_satellite and state.stable in places:
        stable = situation.nodes_with(state.stable) | places[state.stable].nodes
        taken |= situation.nodes_with(state.candidate) - stable
    return frozenset(taken | _standing_in(situation, state.candidate, state.stable, taken))


def _standing_in(
    situation: Situation, candidate: str, stable: str, taken: Collection[str]
) -> frozenset[str]:
    """Nodes with room for one revision that have the candidate, as many as the stable one lacks.

    Otherwise neither would serve there: the one for want of room, the other for want of a share.
    """
    lacking = situation.lacking(stable) - len(taken)
    if lacking <= 0 or situation.spec.placement.every_satellite:
        return frozenset()
    apart = situation.verified_nodes(candidate) - situation.nodes_with(stable)
    wanted, on_board = situation.requests(stable), situation.boards
    able = {
        pod.node: not pod.serves
        for pod in situation.model.pods_of(candidate)
        if pod.node in apart
        and not on_board.is_clear(stable, wanted, situation.satellites[pod.node])
    }
    return frozenset(sorted(able, key=lambda node: (able[node], node))[:lacking])


def _selects_nobody(situation: Situation, state: RolloutState) -> bool:
    if state.rollout is None:
        return False
    return stage_of(situation.spec.rollout, state.rollout).selects_nobody(situation.eligible)


def active_wanted(situation: Situation, state: RolloutState) -> int:
    """Pods of the candidate that are to serve."""
    if state.rollout is None:
        return 0
    return share(stage_of(situation.spec.rollout, state.rollout).weight, situation.copies)
