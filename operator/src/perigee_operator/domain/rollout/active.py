"""Which Pods serve: one revision a satellite, and nothing unverified."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.satellite import Satellite


def active_pods(  # noqa: PLR0913 - what it depends on
    pods: Sequence[PodView],
    state: RolloutState,
    candidate_wanted: int,
    satellites: Mapping[str, Satellite],
    *,
    stable_suffices: bool,
    reverting: bool = False,
    alone_on: Collection[str] = (),
    waiting_on: Collection[str] = (),
) -> frozenset[str]:
    """The uids of the Pods that are to serve.

    Args:
        pods: the model's Pods that nobody is deleting.
        state: which revisions are in use.
        candidate_wanted: Pods of the candidate that are to serve.
        satellites: by Node name; Pods elsewhere never serve.
        stable_suffices: enough copies of the stable revision are verified to let no other serve.
        reverting: the candidate is to serve no more where the stable revision can take over.
        alone_on: names of Nodes on which the candidate has taken the stable revision's place, and
            so serves, however few are wanted.
        waiting_on: names of Nodes on which what serves goes on until it is its turn to give way.
    """
    by_node: dict[str, list[PodView]] = defaultdict(list)
    for pod in pods:
        satellite = satellites.get(pod.node or "")
        if satellite is not None and pod.verified and _may_serve(satellite, stable_suffices):
            by_node[satellite.node.name].append(pod)
    alone = not any(p.revision == state.stable for found in by_node.values() for p in found)
    trying = _nodes_of_candidate(by_node, state, candidate_wanted, satellites, alone=alone)
    trying |= {node for node in by_node.keys() & set(alone_on) if _has(by_node[node], state)}
    if reverting:
        trying -= _put_back(by_node, state, satellites, stable_suffices)
    before = not stable_suffices
    ranks = {
        node: _ranks(
            found,
            state,
            trying=node in trying,
            before=before or node in waiting_on,
            given_up=alone or node in waiting_on,
        )
        for node, found in by_node.items()
    }
    chosen = (_serving(found, ranks[node]) for node, found in by_node.items())
    return frozenset(pod.uid for pod in chosen if pod is not None)


def _has(pods: Iterable[PodView], state: RolloutState) -> bool:
    return any(pod.revision == state.candidate for pod in pods)


def _may_serve(satellite: Satellite, stable_suffices: bool) -> bool:  # noqa: FBT001
    """What leaves serves until others stand in for it; what is lost does not."""
    return not satellite.lost and not (satellite.leaving and stable_suffices)


def _nodes_of_candidate(
    by_node: Mapping[str, list[PodView]],
    state: RolloutState,
    wanted: int,
    satellites: Mapping[str, Satellite],
    *,
    alone: bool,
) -> frozenset[str]:
    """Where the candidate serves: where it does already, then in contact, then by name.

    While nothing of the stable revision is verified it goes on wherever it serves.
    """
    having = {
        node: pod
        for node, pods in by_node.items()
        for pod in pods
        if state.candidate is not None and pod.revision == state.candidate
    }
    ranked = sorted(
        having,
        key=lambda n: (
            not having[n].serves,
            not satellites[n].reachable,
            n,
        ),
    )
    if state.stable is None:
        return frozenset(ranked)
    serving = [n for n in ranked if having[n].serves]
    return frozenset(ranked[: max(wanted, len(serving) if alone else 0)])


def _put_back(
    by_node: Mapping[str, list[PodView]],
    state: RolloutState,
    satellites: Mapping[str, Satellite],
    stable_suffices: bool,  # noqa: FBT001
) -> frozenset[str]:
    """Where the stable revision serves in the candidate's place: in reach, and if there is enough.

    A satellite that is out of reach serves what it does until it rises; one that has not begun to
    serve the candidate does not do so either.
    """
    return frozenset(
        node
        for node, pods in by_node.items()
        if (satellites[node].reachable or not _candidate_serves(pods, state))
        and (stable_suffices or any(pod.revision == state.stable for pod in pods))
    )


def _candidate_serves(pods: Sequence[PodView], state: RolloutState) -> bool:
    return any(pod.revision == state.candidate and pod.serves for pod in pods)


def _ranks(
    pods: Sequence[PodView], state: RolloutState, *, trying: bool, before: bool, given_up: bool
) -> dict[str, int]:
    """The revisions that may serve on one satellite, the best with the lowest rank.

    Args:
        pods: those on the satellite.
        state: which revisions are in use.
        trying: the candidate is to serve there.
        before: a revision from before may serve, since not enough of the stable one does.
        given_up: so may one that was given up, since nothing of the stable one does anywhere.
    """
    ranks = {state.candidate: 0} if trying else {}
    ranks |= {state.stable: 1}
    last = state.aborted.revision if state.aborted else None
    for revision in {pod.revision for pod in pods} - {state.candidate, state.stable}:
        if revision != last and before:
            ranks[revision] = 2
        elif revision == last and given_up:
            ranks[revision] = 3
    return {revision: rank for revision, rank in ranks.items() if revision is not None}


def _serving(pods: Sequence[PodView], ranks: Mapping[str, int]) -> PodView | None:
    """The Pod that serves on one satellite."""
    eligible = [pod for pod in pods if pod.revision in ranks]
    return min(eligible, key=lambda p: (ranks[p.revision], p.created_at, p.name), default=None)
