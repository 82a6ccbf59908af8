"""Where each revision of a model is to be: on which satellites, in how many copies."""

from collections import Counter
from dataclasses import dataclass

from perigee_operator.domain.placement.choice import choose, with_standby
from perigee_operator.domain.placement.copies import lost_copies
from perigee_operator.domain.placement.reach import arranged
from perigee_operator.domain.rollout.giving_way import given_way
from perigee_operator.domain.rollout.letting_go import released
from perigee_operator.domain.rollout.nearness import TOLD_TO_FETCH
from perigee_operator.domain.rollout.refusal import refusing_nodes
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Shift, Situation
from perigee_operator.domain.rollout.wanted_copies import is_barred, replaced, wanted_copies
from perigee_operator.domain.satellite import Satellite


@dataclass(frozen=True, slots=True)
class RevisionLayout:
    """Where one revision is to be."""

    revision: Revision
    satellites: tuple[Satellite, ...]
    """Chosen for it: they keep its artifacts on board."""
    nodes: frozenset[str]
    """Nodes whose label lets its Pods in."""
    copies: int
    """Pods of its ReplicaSet."""


def layout(
    situation: Situation, state: RolloutState, wave: tuple[Satellite, ...]
) -> dict[str, RevisionLayout]:
    """The place of each revision that is in use or still has Pods."""
    carried = {pod.revision for pod in situation.model.pods} & situation.revisions.keys()
    found: dict[str, RevisionLayout] = {}
    # The candidate first: where both would be too much the stable revision does not come, too.
    for name in sorted(state.in_use | carried, key=lambda name: (name != state.candidate, name)):
        candidate = found.get(state.candidate or "")
        found[name] = _place(
            situation, state, _chosen(situation, state, wave, name), name, candidate
        )
    return dict(sorted(found.items()))


def _place(
    situation: Situation,
    state: RolloutState,
    chosen: tuple[Satellite, ...],
    name: str,
    candidate: RevisionLayout | None,
) -> RevisionLayout:
    revision = situation.revisions[name]
    # Nothing is sent to where no Pod would find room; who has one already is left alone.
    satellites = situation.with_room(name, chosen)
    ready = _ready(situation, state, revision, satellites)
    if candidate is not None:
        ready -= _crowded(situation, name, candidate)
    refusing = refusing_nodes(situation.model.pods, name)
    staying = _nodes_that_stay(situation, state, name, satellites)
    nodes = (ready | staying) - refusing - _given_up(situation, name)
    # A satellite whose report fails to come keeps the Pod it has.
    placed = sum(s.node.name in nodes for s in satellites)
    return RevisionLayout(
        revision, satellites, frozenset(nodes), wanted_copies(situation, state, name, placed)
    )


def _ready(
    situation: Situation,
    state: RolloutState,
    revision: Revision,
    satellites: tuple[Satellite, ...],
) -> frozenset[str]:
    """Nodes that have the artifacts on board, and so may get Pods."""
    on_board, wanted = situation.boards, revision.requests
    holding = [
        s.node.name
        for s in satellites
        if all(s.holds(a.sha256) for a in revision.artifacts)
        and on_board.is_clear(revision.name, wanted, s)
    ]
    if situation.spec.placement.keep_in_reach and revision.name == state.stable:
        # The scheduler, which knows no orbits, is left no choice.
        pods = situation.model.pods_of(revision.name)
        own = situation.copies - replaced(situation, revision.name)
        holding = holding[: own + lost_copies(pods, situation.satellites)]
    return frozenset(holding)


def _crowded(situation: Situation, name: str, candidate: RevisionLayout) -> frozenset[str]:
    """Nodes that the candidate may come to, and a Pod of another revision beside it may not."""
    on_board, hosts = situation.boards, situation.nodes_with(name)
    wanted = Counter(situation.requests(name))
    wanted.update(candidate.revision.requests)
    return frozenset(
        s.node.name
        for s in candidate.satellites
        if s.node.name in candidate.nodes - hosts and on_board.may_give_way(wanted, s)
    )


def _given_up(situation: Situation, name: str) -> frozenset[str]:
    """Nodes whose Pod of a revision has given way: none may come after it.

    A DaemonSet ends the Pod with the label; what a ReplicaSet makes in its place goes elsewhere.
    """
    ending = given_way(situation)
    pods = situation.model.pods_of(name)
    return frozenset(pod.node for pod in pods if pod.node is not None and pod.uid in ending)


def strangers(situation: Situation, state: RolloutState) -> frozenset[str]:
    """Revisions of which nothing is left but their Pods: they stay until others suffice."""
    if situation.suffices(state.stable):
        return frozenset()
    carried = {pod.revision for pod in situation.model.pods if not pod.deleting}
    return frozenset(carried - situation.revisions.keys())


def _chosen(
    situation: Situation, state: RolloutState, wave: tuple[Satellite, ...], name: str
) -> tuple[Satellite, ...]:
    if name == state.candidate:
        return wave
    if name != state.stable:
        return ()
    if situation.spec.placement.every_satellite:
        return situation.eligible
    if situation.spec.placement.keep_in_reach:
        return _kept_in_reach(situation, name, situation.spec.placement.keep_in_reach)
    count = with_standby(situation.copies)
    chosen = choose(
        situation.candidates(name, None, count),
        count,
        rank=situation.nearness(name, None),
        spread_by=situation.spec.placement.spread_by,
        begin=situation.begin,
    )
    return chosen + _to_go_back(situation, (*chosen, *wave))


def _to_go_back(situation: Situation, others: tuple[Satellite, ...]) -> tuple[Satellite, ...]:
    """Satellites on which the stable revision is to take its place again: they need its files."""
    nodes = situation.boards.swaps.keys() - {s.node.name for s in others}
    return tuple(situation.traced((), nodes))


def _kept_in_reach(situation: Situation, name: str, wanted: int) -> tuple[Satellite, ...]:
    """Those that have something of a revision, and those that close the most gaps beside them.

    In the order in which they are to serve: what serves already is not moved.
    """
    rank, spread_by = situation.nearness(name, None), situation.spec.placement.spread_by
    count = with_standby(situation.copies)
    hour = situation.now.replace(minute=0, second=0, microsecond=0)
    near = [s for s in situation.eligible if rank(s) <= TOLD_TO_FETCH]
    chosen = choose(near, count, rank=rank, spread_by=spread_by, begin=situation.begin)
    roomy = situation.with_room(name, situation.eligible) if len(chosen) < count else ()
    others = [s for s in roomy if s not in near]
    ranked = choose(others, len(others), rank=rank, spread_by=spread_by, begin=situation.begin)
    chosen += arranged(ranked, chosen, count - len(chosen), wanted, hour)
    serving = tuple(s for s in chosen if rank(s) < TOLD_TO_FETCH)
    rest = [s for s in chosen if s not in serving]
    found = serving + arranged(rest, serving, len(rest), wanted, hour)
    return found if situation.shift is None else _shifted(situation, situation.shift, found)


def _shifted(
    situation: Situation, shift: Shift, chosen: tuple[Satellite, ...]
) -> tuple[Satellite, ...]:
    """Those chosen while a copy moves: first who is to get it, in the end not who had it."""
    receiver = tuple(s for s in situation.eligible if s.node.name == shift.receiver)
    gone = {shift.receiver} | ({shift.giver} if shift.handed_over else set())
    return receiver + tuple(s for s in chosen if s.node.name not in gone)


def _nodes_that_stay(
    situation: Situation, state: RolloutState, name: str, satellites: tuple[Satellite, ...]
) -> frozenset[str]:
    """Nodes that keep the label for the sake of the Pods they have.

    A kubelet that starts again refuses a Pod whose selector its Node does not match. The label
    goes from a Node of a DaemonSet, which ends the Pod, once a better revision serves there, or the
    Pod can serve nobody: not before the Pod is out of service, for the labels of Nodes and of Pods
    are written side by side, and not before clients on board can know of the better one.
    """
    hosts = situation.nodes_with(name)
    if not situation.spec.placement.every_satellite:
        return hosts
    chosen = {s.node.name for s in satellites}
    labelled = {node for node in hosts if situation.admits(node, name)}
    replaced = situation.verified_nodes(state.stable) if state.stable else frozenset[str]()
    serving = {pod.node for pod in situation.model.pods_of(name) if pod.serves}
    fit = hosts if name in state.in_use else situation.verified_nodes(name)
    let_go = released(situation, state.stable)
    left = {pod.node for pod in situation.model.pods_of(name) if pod.uid in let_go}
    return frozenset(
        node
        for node in hosts
        if node in chosen
        or (node in labelled and not _is_routed(situation, node))
        or (_is_out_of_service(situation, node) and node not in left)
        or node in serving
        or (
            name != state.stable
            and node in fit
            and node not in replaced
            and not is_barred(situation, state, name)
        )
    )


def _is_routed(situation: Situation, node: str | None) -> bool:
    """Whether a Pod that ends there is surely asked no more by clients on board."""
    satellite = situation.satellites.get(node or "")
    return satellite is None or satellite.routed


def _is_out_of_service(situation: Situation, node: str) -> bool:
    return node in situation.satellites and situation.satellites[node].out_of_service
