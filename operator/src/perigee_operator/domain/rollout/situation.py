"""A model beside the satellites that it may run on, and what is seen of it there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from perigee_api import names
from perigee_api.copy_move import CopyMove
from perigee_api.heartbeat import RolledBack
from perigee_api.inference_model import FailoverPolicy, InferenceModelSpec
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.placement.copies import serving_copies
from perigee_operator.domain.placement.eligibility import eligible, objection
from perigee_operator.domain.placement.room import room_for, shortage
from perigee_operator.domain.rollout.clearance import CLEAR, Clearance
from perigee_operator.domain.rollout.ending import ending
from perigee_operator.domain.rollout.revision import Revision, known_revision, new_revision
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.workloads.quantity import NOTHING, Amounts

TOLD_TO_FETCH = 2
"""Nearness of a satellite that has nothing of a revision yet but the order to fetch it."""
FURTHEST = 4
"""Nearness of a satellite that has nothing of the model at all."""
NO_ROOM = 1_000_000
"""Nearness of a satellite that has no room: beyond all others, whatever a wave's order adds."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A copy that is on its way to another satellite; both by Node name."""

    giver: str
    receiver: str
    handed_over: bool
    """The giver's copy may end."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A model, its revisions and the satellites it may run on."""

    model: ModelView
    spec: InferenceModelSpec
    revisions: Mapping[str, Revision]
    satellites: Mapping[str, Satellite]
    """All that have a Node, by the Node's name."""
    eligible: tuple[Satellite, ...]
    """Those that may get copies of the model, by name."""
    now: datetime
    clearance: Clearance = CLEAR
    """Whether rollouts may start anything now."""
    move: CopyMove | None = None
    """Of a copy, for the sake of `keepInReach`: the one under way, or the last."""
    shift: Shift | None = None
    """What follows from a move that is under way, and was recorded before."""

    @property
    def copies(self) -> int:
        """Copies that the model wants in full."""
        placement = self.spec.placement
        if placement.every_satellite:
            return len(self.eligible)
        return placement.replicas or 0

    @property
    def wants_none(self) -> bool:
        """It is scaled to zero."""
        return self.copies == 0 and not self.spec.placement.every_satellite

    def fallback_of(self, revision: Revision) -> Revision | None:
        """What Pods of a revision go back to by themselves, as far as anything is kept of it."""
        return self.revisions.get(revision.fallback) if revision.fallback else None

    def gone_back(self, revision: str | None) -> list[tuple[Satellite, RolledBack]]:
        """Pods of a revision that have gone back on board, with their satellites, by name."""
        return sorted(
            (
                (satellite, said)
                for pod in self.model.pods_of(revision or "")
                if (satellite := self.satellites.get(pod.node or "")) is not None
                for said in satellite.rolled_back
                if said.pod == pod.uid and said.failed == revision
            ),
            key=lambda found: found[0].name,
        )

    def nodes_with(self, revision: str) -> frozenset[str]:
        """Nodes that have a Pod of a revision."""
        return frozenset(p.node for p in self.model.pods_of(revision) if p.node is not None)

    def nearness(self, revision: str, stable: str | None) -> Callable[[Satellite], int]:
        """How near satellites are to a revision: the lower, the nearer.

        0 has a Pod of it, 1 its label, 2 is told to fetch what no other revision has; 3 runs the
        stable revision, and so shows the difference and is fit for the model; 4 is none of these.
        Who has no room for a Pod of it, and has none, is furthest whatever else it has.
        """
        hosts, label, own = self._traces(revision)
        fits = room_for(self._requests(revision))
        stable_hosts = self.nodes_with(stable) if stable else frozenset[str]()

        def rank(satellite: Satellite) -> int:
            node = satellite.node
            if node.name in hosts:
                return 0
            if not fits(satellite):
                return NO_ROOM
            if label in node.labels:
                return 1
            if own and own <= satellite.assigned:
                return TOLD_TO_FETCH
            return FURTHEST - 1 if node.name in stable_hosts else FURTHEST

        return rank

    def with_room(
        self, revision: str | None, satellites: Iterable[Satellite]
    ) -> tuple[Satellite, ...]:
        """Of these those that have a Pod of a revision, or room for one."""
        fits, hosts = room_for(self._requests(revision)), self.nodes_with(revision or "")
        return tuple(s for s in satellites if s.node.name in hosts or fits(s))

    def shortages(self, revision: str | None, satellites: Iterable[Satellite]) -> dict[str, str]:
        """Of which of these all others have too little, by Node, in a sentence."""
        wanted, hosts = self._requests(revision), self.nodes_with(revision or "")
        found = {s.node.name: shortage(s, wanted) for s in satellites if s.node.name not in hosts}
        return {node: said for node, said in found.items() if said is not None}

    def _requests(self, revision: str | None) -> Amounts:
        known = self.revisions.get(revision or "")
        return known.requests if known else NOTHING

    def has_begun(self, revision: str | None) -> Callable[[Satellite], bool]:
        """Whether satellites have something of a revision already."""
        if revision is None:
            return lambda _: False
        hosts, label, own = self._traces(revision)
        fits = room_for(self._requests(revision))

        def begun(satellite: Satellite) -> bool:
            """As `nearness` ranks it; whether there is room is asked of those few that matter."""
            node = satellite.node
            if node.name in hosts:
                return True
            told = label in node.labels or (bool(own) and own <= satellite.assigned)
            return told and fits(satellite)

        return begun

    def candidates(self, revision: str, count: int) -> Sequence[Satellite]:
        """Eligible satellites, the so many that are nearest to a revision among them.

        Those that have begun with it, if they are enough: of a large fleet they are few.
        """
        begun = tuple(filter(self.has_begun(revision), self.eligible))
        return begun if len(begun) >= count else self.eligible

    def are_at_home(self, revision: str, satellites: Iterable[Satellite]) -> bool:
        """Whether each satellite chosen for a revision has something of it already.

        Then the same ones are chosen again, whichever others come into contact.
        """
        return all(map(self.has_begun(revision), satellites))

    def _traces(self, revision: str) -> tuple[frozenset[str], str, set[str]]:
        """What shows that a satellite has begun with a revision.

        The Nodes that have its Pods, the label that lets them in, and artifacts of its alone.
        """
        label = names.node_revision_label(self.model.namespace, self.model.name, revision)
        return self.nodes_with(revision), label, self._own_digests(revision)

    def _own_digests(self, revision: str) -> set[str]:
        """Digests of the artifacts that no other revision of the model has."""
        others = {
            artifact.sha256
            for name, other in self.revisions.items()
            if name != revision
            for artifact in other.artifacts
        }
        return {a.sha256 for a in self.revisions[revision].artifacts} - others

    def verified_nodes(self, revision: str) -> frozenset[str]:
        """Nodes in service on which a Pod of a revision is verified."""
        return frozenset(
            p.node
            for p in self.model.pods_of(revision)
            if p.node in self.satellites
            and p.node is not None
            and p.verified
            and not self.satellites[p.node].out_of_service
        )

    def serving_nodes(self) -> frozenset[str]:
        """Nodes in service with a Pod that serves."""
        return frozenset(
            pod.node
            for pod in self.model.pods
            if pod.node in self.satellites
            and pod.node is not None
            and pod.serves
            and not self.satellites[pod.node].out_of_service
        )

    def dispensable(self, stable: str | None) -> frozenset[str]:
        """Pods on satellites that leave, by uid, once as many serve elsewhere as can be had.

        Verified is not enough: until a stand-in bears its label nobody asks it.
        """
        stay = self.spec.failover.policy is FailoverPolicy.NONE
        nobody_stands_in = stay or self.spec.placement.every_satellite
        needed = 0 if nobody_stands_in else min(self.copies, len(self.eligible))
        asked = [pod for pod in self.model.pods_of(stable or "") if pod.serves]
        if serving_copies(asked, self.satellites) < needed:
            return frozenset()
        leaving = {name for name, satellite in self.satellites.items() if satellite.leaving}
        return frozenset(p.uid for p in self.model.pods if p.node in leaving)

    def released(self, stable: str | None) -> frozenset[str]:
        """Pods where the model may not run any more, or is not to, by uid, which may end.

        They serve until as many copies as can be had serve elsewhere, one at least.
        """
        every = self.spec.placement.every_satellite
        needed = 1 if every else max(1, min(self.copies, len(self.eligible)))
        leaving = {p.node for p in self.model.pods if self.is_unsuited(p.node)}
        if self.shift is not None and self.shift.handed_over:
            leaving.add(self.shift.giver)
        asked = [p for p in self.model.pods_of(stable or "") if p.serves and p.node not in leaving]
        if serving_copies(asked, self.satellites) < needed and not self.wants_none:
            return frozenset()
        return frozenset(p.uid for p in self.model.pods if p.node in leaving)

    def is_unsuited(self, node: str | None) -> bool:
        """Whether a Node with Pods of the model is one where it may not run any more."""
        satellite = self.satellites.get(node or "")
        return satellite is not None and satellite.unsuited

    def suffices(self, revision: str | None) -> bool:
        """Whether a revision has as many serving copies as the model wants or can have."""
        if revision is None:
            return False
        if self.wants_none:
            return True
        about_to_go = ending(self.model)
        staying = [pod for pod in self.model.pods_of(revision) if pod.uid not in about_to_go]
        serving = serving_copies(staying, self.satellites)
        return serving >= max(1, min(self.copies, len(self.eligible)))


def situated(
    model: ModelView,
    spec: InferenceModelSpec,
    satellites: Mapping[str, Satellite],
    serve_image: str,
    now: datetime,
) -> Situation:
    """A model with that spec; satellites are by Node name."""
    revisions: dict[str, Revision] = {view.name: known_revision(view) for view in model.revisions}
    asked = new_revision(spec, serve_image)
    # What is stable now, and for good: a revision's Pods must not change with what comes later.
    stable = model.status.stable_revision
    fallback = stable if stable in revisions and stable != asked.name else None
    revisions.setdefault(asked.name, replace(asked, fallback=fallback))
    suited = tuple(eligible(satellites.values(), spec.placement))
    hosts = {pod.node for pod in model.pods if pod.node in satellites}
    unsuited = {
        node: replace(satellites[node], unsuited=True)
        for node in hosts
        if node is not None and objection(satellites[node].node, spec.placement) is not None
    }
    seen = {**satellites, **unsuited} if unsuited else satellites
    return Situation(model, spec, revisions, seen, suited, now)
