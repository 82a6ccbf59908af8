"""A model beside the satellites that it may run on, and what is seen of it there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from operator import attrgetter

from perigee_api import names
from perigee_api.copy_move import CopyMove
from perigee_api.heartbeat import RolledBack
from perigee_api.inference_model import InferenceModelSpec, RolloutStrategy, Swap
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.placement.choice import beginning_at, first_asked
from perigee_operator.domain.placement.copies import serving_copies
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.placement.eligibility import is_eligible
from perigee_operator.domain.placement.room import room_for
from perigee_operator.domain.rollout.boards import Boards, boards
from perigee_operator.domain.rollout.clearance import CLEAR, Clearance
from perigee_operator.domain.rollout.ending import ending
from perigee_operator.domain.rollout.nearness import (
    FURTHEST,
    IN_PLACE,
    NO_ROOM,
    TOLD_TO_FETCH,
    before_it_begins,
)
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.workloads.quantity import NOTHING, Amounts


@dataclass(frozen=True, slots=True)
class Shift:
    """A copy that is on its way to another satellite; both by Node name."""

    giver: str
    receiver: str
    handed_over: bool
    """The giver's copy may end."""


@dataclass(frozen=True)
class Situation:
    """A model, its revisions and the satellites it may run on."""

    model: ModelView
    spec: InferenceModelSpec
    revisions: Mapping[str, Revision]
    satellites: Mapping[str, Satellite]
    """All that have a Node, by the Node's name."""
    eligible: tuple[Satellite, ...]
    """Those that may get copies of the model, by name."""
    directory: Directory
    """By which they are found."""
    now: datetime
    clearance: Clearance = CLEAR
    """Whether rollouts may start anything now."""
    move: CopyMove | None = None
    """Of a copy, for the sake of `keepInReach`: the one under way, or the last."""
    shift: Shift | None = None
    """What follows from a move that is under way, and was recorded before."""
    swaps: tuple[Swap, ...] = ()
    """Where one revision takes, or has taken, the place of others: as it was recorded before."""

    @cached_property
    def boards(self) -> Boards:
        """What is on board where, and what may come there."""
        strategy = self.spec.rollout.placing
        return boards(self.model.pods, self.swaps, strategy, self.satellites)

    @cached_property
    def begin(self) -> str:
        """Name of the satellite with which it begins to choose among equal ones."""
        return first_asked(self.eligible, self.model.key)

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

        0 has a Pod of it, 1 its label, 2 is told to fetch what no other revision has; 4 runs the
        stable revision, and so shows the difference and is fit for the model; 6 is none of these.
        Of both those come first, at 3 and 5, to which the files are sent ahead: they have not
        begun, but have less to wait for. Who has no room for a Pod of it, and has none, is
        furthest whatever else it has.
        """
        hosts, label, own = self._traces(revision)
        on_board, wanted = self.boards, self.requests(revision)
        fits = on_board.has_place(revision, wanted)
        may_choose = on_board.strategy is RolloutStrategy.AUTO
        stable_hosts = self.nodes_with(stable) if stable else frozenset[str]()

        def rank(satellite: Satellite) -> int:
            node = satellite.node
            if node.name in hosts:
                return 0
            if not fits(satellite):
                return NO_ROOM
            if label in node.labels or on_board.is_taken_by(revision, node.name):
                return 1
            if own and own <= satellite.assigned:
                return TOLD_TO_FETCH
            if may_choose and not room_for(wanted)(satellite):
                return IN_PLACE
            return before_it_begins(satellite, own, hosts_stable=node.name in stable_hosts)

        return rank

    def with_room(
        self, revision: str | None, satellites: Iterable[Satellite]
    ) -> tuple[Satellite, ...]:
        """Of these those that have a Pod of a revision, or room for one."""
        return tuple(self._roomy(revision, satellites))

    def qualifying(self, revision: str | None, most: int) -> int:
        """How many eligible satellites have a Pod of a revision, or room for one; so many at most.

        Of a large fleet, in which most have room, few are looked at.
        """
        return sum(1 for _ in islice(self._roomy(revision, self.eligible), most))

    def _roomy(self, revision: str | None, satellites: Iterable[Satellite]) -> Iterator[Satellite]:
        fits = self.boards.has_place(revision or "", self.requests(revision))
        hosts = self.nodes_with(revision or "")
        return (s for s in satellites if s.node.name in hosts or fits(s))

    def shortages(self, revision: str | None, satellites: Iterable[Satellite]) -> dict[str, str]:
        """Of which of these all others have too little, by Node, in a sentence."""
        wanted, hosts = self.requests(revision), self.nodes_with(revision or "")
        on_board = self.boards
        found = {
            s.node.name: on_board.shortage(revision or "", wanted, s)
            for s in satellites
            if s.node.name not in hosts
        }
        return {node: said for node, said in found.items() if said is not None}

    def requests(self, revision: str | None) -> Amounts:
        """What is set aside for a Pod of a revision."""
        known = self.revisions.get(revision or "")
        return known.requests if known else NOTHING

    def has_begun(self, revision: str | None) -> Callable[[Satellite], bool]:
        """Whether satellites have something of a revision already."""
        if revision is None:
            return lambda _: False
        hosts, label, own = self._traces(revision)
        on_board = self.boards
        fits = on_board.has_place(revision, self.requests(revision))

        def begun(satellite: Satellite) -> bool:
            """As `nearness` ranks it; whether there is room is asked of those few that matter."""
            node = satellite.node
            if node.name in hosts or on_board.is_taken_by(revision, node.name):
                return True
            told = label in node.labels or (bool(own) and own <= satellite.assigned)
            return told and fits(satellite)

        return begun

    def candidates(self, revision: str, stable: str | None, count: int) -> Sequence[Satellite]:
        """Eligible satellites, the so many that come first for a revision among them.

        Those that have something of the model, which of a large fleet are few, and of each group
        that it is spread over so many of those that have nothing of it, if they are enough.
        """
        hosts, label, own = self._traces(revision)
        near = hosts | self.boards.swaps.keys() | (self.nodes_with(stable) if stable else set())
        rank = self.nearness(revision, stable)
        found = [s for s in self.traced({label, *own}, near) if rank(s) < FURTHEST]
        if len(found) < count:
            for queue in self.directory.queues(self.spec.placement):
                turns = beginning_at(queue, self.begin)
                found += islice((s for s in turns if rank(s) == FURTHEST), count)
        return found if len(found) >= count else self.eligible

    def bearers(self, revision: str | None) -> set[str]:
        """Nodes that may have something of a revision on board."""
        known = self.revisions.get(revision or "")
        return self.directory.traces.nodes(known.digests if known else ())

    def traced(self, marks: Iterable[str], others: Iterable[str] = ()) -> list[Satellite]:
        """Eligible satellites with one of these marks, and others by Node name, by name."""
        nodes = self.directory.traces.nodes(marks).union(others)
        known = (self.satellites[node] for node in nodes if node in self.satellites)
        found = [each for each in known if is_eligible(each, self.spec.placement)]
        return sorted(found, key=attrgetter("name"))

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
        return self.nodes_with(revision), label, self.own_digests(revision)

    def own_digests(self, revision: str) -> set[str]:
        """Digests of the artifacts that no other revision of the model has."""
        others = (other.digests for name, other in self.revisions.items() if name != revision)
        return set(self.revisions[revision].digests.difference(*others))

    def verified_nodes(self, revision: str) -> frozenset[str]:
        """Nodes in service on which a Pod of a revision is verified."""
        return frozenset(
            p.node
            for p in self.model.pods_of(revision)
            if p.node is not None and p.verified and self.in_service(p.node)
        )

    def serving(self) -> frozenset[str]:
        """Pods in service that serve, by uid."""
        return frozenset(
            pod.uid
            for pod in self.model.pods
            if pod.serves and pod.verified and not pod.deleting and self.in_service(pod.node)
        )

    def serving_nodes(self) -> frozenset[str]:
        """Nodes in service with a Pod that serves."""
        return frozenset(
            pod.node
            for pod in self.model.pods
            if pod.node is not None and pod.serves and self.in_service(pod.node)
        )

    def in_service(self, node: str | None) -> bool:
        """Whether copies on a Node count: it is that of a satellite in service."""
        satellite = self.satellites.get(node or "")
        return satellite is not None and not satellite.out_of_service

    def admits(self, node: str, revision: str) -> bool:
        """Whether a Node lets Pods of a revision in; a DaemonSet ends what it does not."""
        satellite = self.satellites.get(node)
        label = names.node_revision_label(self.model.namespace, self.model.name, revision)
        return satellite is not None and label in satellite.node.labels

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
        return self.lacking(revision) <= 0

    def lacking(self, revision: str) -> int:
        """How many copies of a revision do not serve of those that the model wants and can have."""
        about_to_go = ending(self.model)
        staying = [
            pod
            for pod in self.model.pods_of(revision)
            if pod.uid not in about_to_go and not self.boards.is_withdrawn(pod)
        ]
        serving = serving_copies(staying, self.satellites)
        return max(1, min(self.copies, len(self.eligible))) - serving
