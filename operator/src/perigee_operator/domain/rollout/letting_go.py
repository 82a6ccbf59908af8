"""Pods that may end where a model is not to run any more, since others serve elsewhere."""

from perigee_api.inference_model import FailoverPolicy
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.placement.copies import serving_copies
from perigee_operator.domain.rollout.situation import Situation


def dispensable(situation: Situation, stable: str | None) -> frozenset[str]:
    """Pods on satellites that leave, by uid, once as many serve elsewhere as can be had.

    Verified is not enough: until a stand-in bears its label nobody asks it.
    """
    stay = situation.spec.failover.policy is FailoverPolicy.NONE
    nobody_stands_in = stay or situation.spec.placement.every_satellite
    needed = 0 if nobody_stands_in else min(situation.copies, len(situation.eligible))
    if serving_copies(_asked(situation, stable), situation.satellites) < needed:
        return frozenset()
    return frozenset(pod.uid for pod in situation.model.pods if _is_leaving(situation, pod.node))


def released(situation: Situation, stable: str | None) -> frozenset[str]:
    """Pods where the model may not run any more, or is not to, by uid, which may end.

    They serve until as many copies as can be had serve elsewhere, one at least.
    """
    every, pods = situation.spec.placement.every_satellite, situation.model.pods
    needed = 1 if every else max(1, min(situation.copies, len(situation.eligible)))
    leaving = {pod.node for pod in pods if situation.is_unsuited(pod.node)}
    if situation.shift is not None and situation.shift.handed_over:
        leaving.add(situation.shift.giver)
    asked = [pod for pod in _asked(situation, stable) if pod.node not in leaving]
    if serving_copies(asked, situation.satellites) < needed and not situation.wants_none:
        return frozenset()
    return frozenset(pod.uid for pod in pods if pod.node in leaving)


def _is_leaving(situation: Situation, node: str | None) -> bool:
    satellite = situation.satellites.get(node or "")
    return satellite is not None and satellite.leaving


def _asked(situation: Situation, stable: str | None) -> list[PodView]:
    """Pods that serve: of the stable revision, and of what has taken its place."""
    taken = situation.boards.swaps
    return [
        pod
        for pod in situation.model.pods
        if pod.serves and not pod.deleting and (pod.revision == stable or pod.node in taken)
    ]
