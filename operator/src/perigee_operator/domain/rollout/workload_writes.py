"""The writes that bring a model's workloads, Services and history to where they should be."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from perigee_operator.domain.difference import holds
from perigee_operator.domain.fleet import ObjectView, PodView
from perigee_operator.domain.kinds import POD
from perigee_operator.domain.placement.copies import Shrinkage, shrinkage
from perigee_operator.domain.rollout.ending import ending
from perigee_operator.domain.rollout.giving_way import given_way, withdrawn
from perigee_operator.domain.rollout.layout import RevisionLayout, strangers
from perigee_operator.domain.rollout.letting_go import released
from perigee_operator.domain.rollout.pod_writes import FIRST_TO_GO
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.workloads.services import services
from perigee_operator.domain.workloads.workload import controller_revision, daemon_set, replica_set
from perigee_operator.domain.writes import Apply, Delete, ObjectKey, Write


@dataclass(frozen=True, slots=True)
class WorkloadWrites:
    """In the order in which they are safe."""

    growing: tuple[Write, ...]
    """New objects, more copies."""
    shrinking: tuple[Write, ...]
    """Fewer copies; after the labels of the Pods are right."""
    victims: frozenset[str]
    """uids of the Pods that a shrinking ReplicaSet is to end first."""


def workload_writes(
    situation: Situation, state: RolloutState, places: Mapping[str, RevisionLayout]
) -> WorkloadWrites:
    """What is to be written for a model, apart from its Pods and status."""
    growing: list[Write] = [*_history(situation, state), *_services(situation)]
    shrinking: list[Write] = []
    victims: set[str] = set()
    for place in places.values():
        if situation.spec.placement.every_satellite:
            wanted = daemon_set(
                situation.model, place.revision, fallback=situation.fallback_of(place.revision)
            )
            growing.extend(_if_different(wanted, _present(situation, wanted, place)))
        else:
            change = _replica_set(situation, state, place)
            growing.extend(change.growing)
            shrinking.extend(change.shrinking)
            victims |= change.victims
    shrinking.extend(_ended(situation, places.keys() | strangers(situation, state)))
    return WorkloadWrites(tuple(growing), tuple(shrinking), frozenset(victims))


def _history(situation: Situation, state: RolloutState) -> Iterator[Write]:
    """ControllerRevisions of what is in use that are not yet as they should be."""
    views = {view.name: view for view in situation.model.revisions}
    newest = max((view.number for view in views.values()), default=0)
    for name in sorted(state.in_use):
        view = views.get(name)
        served = name in (state.stable, state.previous)
        if view is None:
            newest += 1
        elif view.promoted or not served:
            continue
        number = view.number if view else newest
        yield controller_revision(
            situation.model, situation.revisions[name], number, promoted=served
        )


def _services(situation: Situation) -> Iterator[Write]:
    for wanted in services(situation.model):
        yield from _if_different(wanted, situation.model.services.get(wanted.key.name))


def _replica_set(
    situation: Situation, state: RolloutState, place: RevisionLayout
) -> WorkloadWrites:
    wanted = replica_set(
        situation.model,
        place.revision,
        situation.spec.placement,
        place.copies,
        fallback=situation.fallback_of(place.revision),
    )
    present = _present(situation, wanted, place)
    if present is None and place.copies == 0 and not situation.model.pods_of(place.revision.name):
        return WorkloadWrites((), (), frozenset())
    if present is None:
        return WorkloadWrites((wanted,), (), frozenset())
    if holds(present.body, wanted.body):
        return WorkloadWrites((), (), _still_to_end(situation, place))
    replicas = int(present.body["spec"]["replicas"])
    if place.copies >= replicas:
        return WorkloadWrites((wanted,), (), frozenset())
    return _shrinking(situation, state, place, wanted)


def _shrinking(
    situation: Situation, state: RolloutState, place: RevisionLayout, wanted: Apply
) -> WorkloadWrites:
    pods = situation.model.pods_of(place.revision.name)
    nodes = {s.node.name for s in place.satellites}
    may_end = released(situation, state.stable) | given_way(situation)
    change = shrinkage(pods, place.copies, nodes, situation.satellites, may_end)
    if change is None or _ends_the_last(situation, change.victims, may_end):
        return WorkloadWrites((), (), frozenset())
    if place.copies == 0:
        return WorkloadWrites((), (wanted,), frozenset())
    deletions = tuple(_deletions(change))
    return WorkloadWrites((), (*deletions, wanted), frozenset(p.uid for p in change.victims))


def _ends_the_last(
    situation: Situation, victims: Collection[PodView], may_end: Collection[str]
) -> bool:
    """Whether nothing would serve any more with these gone: then another has to serve first."""
    going, serving = {pod.uid for pod in victims}, situation.serving()
    if situation.wants_none or not (serving & going).difference(may_end):
        return False
    return serving <= going | ending(situation.model) | withdrawn(situation)


def _still_to_end(situation: Situation, place: RevisionLayout) -> frozenset[str]:
    """Pods that the ReplicaSet was told to end and has not ended yet: they stay the cheapest."""
    pods = situation.model.pods_of(place.revision.name)
    if len(pods) <= place.copies:
        return frozenset()
    return frozenset(pod.uid for pod in pods if pod.deletion_cost == FIRST_TO_GO)


def _deletions(change: Shrinkage) -> Iterator[Delete]:
    if change.by_name:
        yield from (delete_pod(pod) for pod in change.victims)


def delete_pod(pod: PodView) -> Delete:
    """Ends a Pod gracefully, if it still is the one that was seen."""
    return Delete(ObjectKey(POD, pod.name, pod.namespace), pod.uid)


def _ended(situation: Situation, carried: Collection[str]) -> Iterator[Write]:
    """Workloads that nobody carries any more, and history beyond its limit."""
    limit = situation.spec.rollout.history_limit
    idle = [v for v in situation.model.revisions if v.name not in carried]
    idle.sort(key=lambda view: view.number, reverse=True)
    kept = {view.name for view in idle[:limit]}
    for revision, workload in sorted(situation.model.workloads.items()):
        if revision not in carried:
            yield Delete(workload.key, workload.uid)
    for view in idle:
        if view.name not in kept:
            yield Delete(view.object.key, view.object.uid)


def _present(situation: Situation, wanted: Apply, place: RevisionLayout) -> ObjectView | None:
    workload = situation.model.workloads.get(place.revision.name)
    return workload if workload and workload.key.kind == wanted.key.kind else None


def _if_different(wanted: Apply, present: ObjectView | None) -> Iterator[Write]:
    if present is None or not holds(present.body, wanted.body):
        yield wanted
