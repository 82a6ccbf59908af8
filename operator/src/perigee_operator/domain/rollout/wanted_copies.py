"""How many copies of each revision there are to be."""

from perigee_api.inference_model import FailoverPolicy
from perigee_operator.domain.placement.copies import lost_copies, serving_copies
from perigee_operator.domain.rollout.giving_way import given_way
from perigee_operator.domain.rollout.letting_go import released
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation


def wanted_copies(situation: Situation, state: RolloutState, name: str, ready: int) -> int:
    """Pods that a revision's ReplicaSet is to have.

    Args:
        situation: the model and its satellites.
        state: where its rollout is.
        name: the revision.
        ready: satellites that let its Pods in.
    """
    pods = situation.model.pods_of(name)
    away = lost_copies(pods, situation.satellites)
    unsuited = sum(situation.is_unsuited(pod.node) for pod in pods)
    lost = unsuited if situation.spec.failover.policy is FailoverPolicy.NONE else away
    has_let_go = bool(released(situation, state.stable))
    if has_let_go:
        away, lost = away - unsuited, lost - unsuited
    if name == state.stable:
        moving = situation.shift is not None and not has_let_go
        own = max(situation.copies - replaced(situation, name), _least(situation, state, name))
        copies = own + lost + moving
    elif name == state.candidate:
        copies = ready + lost
    else:
        copies = _copies_from_before(situation, state, name, away)
    # What has given way ends first, though others may be wanted that are not there yet.
    ending = given_way(situation)
    staying = [pod for pod in pods if pod.uid not in ending]
    return copies if len(staying) == len(pods) else min(copies, len(staying))


def replaced(situation: Situation, stable: str) -> int:
    """Satellites on which another revision has the place of a copy of the stable one."""
    on_board, ending = situation.boards, given_way(situation)
    own = {pod.node for pod in situation.model.pods_of(stable) if pod.uid not in ending}
    return sum(
        node not in own and (swap.revision != stable or bool(on_board.others(node, stable)))
        for node, swap in on_board.swaps.items()
    )


def is_barred(situation: Situation, state: RolloutState, name: str) -> bool:
    """Whether a revision was given up, and a better one serves somewhere."""
    stable = state.stable
    return (
        _is_given_up(state, name) and stable is not None and bool(situation.verified_nodes(stable))
    )


def _copies_from_before(situation: Situation, state: RolloutState, name: str, away: int) -> int:
    """Copies of a revision that is neither stable nor candidate."""
    pods = situation.model.pods_of(name)
    barred = is_barred(situation, state, name)
    if state.stable is None or (_is_given_up(state, name) and not barred):
        # Nothing better serves: what is verified of a revision that was given up goes on serving.
        return serving_copies(pods, situation.satellites) + away
    serving = any(pod.serves for pod in pods)
    if serving or not (situation.suffices(state.stable) or barred):
        return _present_copies(situation, name)
    return 0


def _least(situation: Situation, state: RolloutState, stable: str) -> int:
    """Copies of the stable revision that stay in any case, for nothing else serves."""
    if situation.wants_none or not situation.swaps:
        return 0
    others = [
        pod
        for pod in situation.model.pods
        if pod.revision != stable and pod.serves and not pod.deleting
    ]
    # What gives way now, or is put back, serves still, and will not when this has come about.
    put_back = state.candidate if situation.clearance.on(state).reverts else None
    asked_on = [
        pod for pod in others if pod.revision != put_back and not situation.boards.is_withdrawn(pod)
    ]
    if serving_copies(asked_on, situation.satellites):
        return 0
    ending = given_way(situation)
    pods = [pod for pod in situation.model.pods_of(stable) if pod.uid not in ending]
    return min(1, serving_copies(pods, situation.satellites))


def _present_copies(situation: Situation, name: str) -> int:
    workload = situation.model.workloads.get(name)
    return int(workload.body["spec"].get("replicas", 0)) if workload else 0


def _is_given_up(state: RolloutState, name: str) -> bool:
    return state.aborted is not None and state.aborted.revision == name
