"""Copies that give way to another revision, which is to come in their place."""

from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.ending import ending
from perigee_operator.domain.rollout.situation import Situation


def withdrawn(situation: Situation) -> frozenset[str]:
    """Pods in whose place another revision comes, by uid: they are asked no more."""
    if not situation.swaps:
        return frozenset()
    on_board = situation.boards
    return frozenset(pod.uid for pod in situation.model.pods if on_board.is_withdrawn(pod))


def given_way(situation: Situation) -> frozenset[str]:
    """Of these those that may end, since surely nobody is led to them any more."""
    if not situation.swaps:
        return frozenset()
    on_board, about_to_go = situation.boards, ending(situation.model)
    return frozenset(
        pod.uid
        for pod in situation.model.pods
        if on_board.is_withdrawn(pod)
        and not pod.serves
        and (pod.uid in about_to_go or _may_end(situation, pod))
    )


def _may_end(situation: Situation, pod: PodView) -> bool:
    """Whether nobody is led to it; one that was told to end before is not kept from it."""
    satellite = situation.satellites.get(pod.node or "")
    if satellite is None or satellite.routed:
        return satellite is not None
    every = situation.spec.placement.every_satellite
    return every and not situation.admits(satellite.node.name, pod.revision)
