"""How many Pods a revision's ReplicaSet is to have, and which Pods end when it shrinks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.satellite import Satellite


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How a ReplicaSet gets smaller without ending a Pod that must stay."""

    victims: tuple[PodView, ...]
    by_name: bool
    """Delete them by name, then scale.

    The ReplicaSet ends Pods that are not Ready first, whatever their deletion cost: those of dark
    satellites. What is Ready now may be in the dark before the ReplicaSet looks. A Pod that is
    already being deleted it does not count, and one that it makes in between is the first to go,
    being Pending.
    """


def lost_copies(pods: Sequence[PodView], satellites: Mapping[str, Satellite]) -> int:
    """Pods on satellites out of service: they stay in the API, and others stand in for them."""
    return sum(_is_out_of_service(pod, satellites) for pod in pods)


def serving_copies(pods: Sequence[PodView], satellites: Mapping[str, Satellite]) -> int:
    """Verified Pods on satellites in service, dark ones included."""
    return sum(
        p.verified and p.node in satellites and not _is_out_of_service(p, satellites) for p in pods
    )


def shrinkage(
    pods: Sequence[PodView],
    wanted: int,
    keep: Collection[str],
    satellites: Mapping[str, Satellite],
    released: Collection[str] = (),
) -> Shrinkage | None:
    """Which Pods end so that `wanted` remain; None while ending any would cost a serving copy.

    Args:
        pods: the revision's Pods that nobody is deleting.
        wanted: how many are to remain, those on satellites out of service included.
        keep: names of the Nodes on which the revision is to stay.
        satellites: by Node name.
        released: uids of those that must not stay, and for which enough others serve.
    """

    def dispensability(pod: PodView) -> tuple[bool, tuple[bool, bool, bool, bool, float]]:
        return pod.uid in released, _dispensability(pod, keep, satellites)

    ranked = sorted(pods, key=dispensability, reverse=True)
    victims = tuple(ranked[: max(0, len(pods) - wanted)])
    remaining = [pod for pod in pods if pod not in victims]
    in_service = [pod for pod in remaining if not _is_out_of_service(pod, satellites)]
    missed = [pod for pod in victims if pod.verified and pod.uid not in released]
    if missed and not all(_is_back(pod, satellites) for pod in in_service):
        return None
    last = sum(pod.serves for pod in remaining) == 1
    return Shrinkage(victims, by_name=last or not all(pod.ready for pod in remaining))


def _is_back(pod: PodView, satellites: Mapping[str, Satellite]) -> bool:
    """Whether a Pod surely serves.

    On a dark satellite its last word counts; on one that has just returned the kubelet has to
    say so anew.
    """
    satellite = satellites.get(pod.node or "")
    if satellite is None or not satellite.settled:
        return False
    return pod.verified and (pod.ready or not satellite.reachable)


def _dispensability(
    pod: PodView, keep: Collection[str], satellites: Mapping[str, Satellite]
) -> tuple[bool, bool, bool, bool, float]:
    """The greater, the sooner a Pod may end: first the youngest of those that serve nobody."""
    return (
        not _is_out_of_service(pod, satellites),
        pod.node is None,
        pod.node not in keep,
        not pod.verified,
        pod.created_at.timestamp(),
    )


def _is_out_of_service(pod: PodView, satellites: Mapping[str, Satellite]) -> bool:
    satellite = satellites.get(pod.node or "")
    return satellite is not None and satellite.out_of_service
