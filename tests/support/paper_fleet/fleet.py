"""A fleet on paper: the operator's own services and decisions over a cluster played in memory.

Time passes only by `pass_time`. Each step lets the satellites work and talk, then Kubernetes'
controllers, then the operator: it takes a snapshot with the real views, plans with the real
domain, and performs the plan write by write. The tracks of a plan mix in any order, and now and
then the controllers are quicker than the next write. Observers look after every single thing
that somebody did, so a promise can be checked between any two of them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from paper_fleet import agents, controllers
from paper_fleet.api_server import ApiServer, Item, RefusedError, TakenError
from paper_fleet.intents import START, satellite_body
from paper_fleet.metrics import PlayedMetrics
from paper_fleet.satellite import Files, PaperSatellite
from paper_fleet.scheduler import schedule
from perigee_api import names
from perigee_api.inference_model import InferenceModelStatus
from perigee_api.rollout_action import RolloutActionStatus, RolloutVerb
from perigee_api.satellite_node import SatelliteNodeSpec, SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import Settings, Snapshot
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.memory import Last, Memory
from perigee_operator.domain.orbit.supplied import supplied_contacts
from perigee_operator.domain.plan import Plan, plan
from perigee_operator.domain.writes import Announce, Delete, Json, ObjectKey, Track, Write
from perigee_operator.services.contacts.book import ContactBook
from perigee_operator.services.served_book import ServedBook
from perigee_operator.services.snapshot import Photographer
from perigee_operator.services.sources import ContactSource
from perigee_operator.services.views.satellites import satellite_record
from perigee_operator.storage.agents import slim_pod
from perigee_operator.storage.cache import Change, Origin
from perigee_operator.storage.heartbeats import HeartbeatFeed

STEP_S = 5.0
CONTROLLER_IS_QUICKER = 0.1
IMAGE = "localhost/perigee/edge:test"

Observer = Callable[[str], None]
"""Is told what has just been done."""


class PaperFleet:
    """A cluster of satellites, and the operator of it.

    Args:
        settings: of the operator.
        begins: when time begins.
        contacts: knows when satellites are in contact; None: they say so themselves.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        begins: datetime = START,
        contacts: ContactSource | None = None,
    ) -> None:
        self.now = begins
        self.api = ApiServer(lambda: self.now)
        self.satellites: dict[str, PaperSatellite] = {}
        self.files = Files()
        self.observing_since: datetime | None = begins
        """None: the operator hears nothing."""
        self.observers: list[Observer] = []
        self.forgets = True
        """Each plan is made once more by an operator that has just begun, and must be the same."""
        self.chance = Random(0)  # noqa: S311 - the order of what happens side by side
        self._of_models = defaultdict[Kind, Last[Collection[Item]]](Last)
        self._of_agents = defaultdict[Kind, Last[Collection[Json]]](Last)
        self._statuses = defaultdict[str, Last[InferenceModelStatus]](Last)
        self._specs = defaultdict[str, Last[SatelliteNodeSpec | None]](Last)
        self._names_taken: dict[str, str] = {}
        self._stuck: list[Write] = []
        """Refused in this sweep, since the name is somebody else's."""
        self._settings = settings or Settings(serve_image=IMAGE)
        self._contacts = contacts
        self.metrics = PlayedMetrics(lambda: self.now)
        self._begin()

    def _begin(self) -> None:
        """An operator that remembers nothing: what it lists first came some time before."""
        self.feed = HeartbeatFeed(lambda: self.now)
        self._just_begun = True
        self._heard: tuple[Item, ...] | None = None
        self._memory = Memory()
        self.metrics.forget()
        contacts = self._contacts or ContactBook(lambda: self.now)
        self.served = ServedBook(self.now)
        self._photographer = Photographer(
            self, contacts, self._settings, self.served, self.metrics.book
        )

    # What users do

    def add_satellite(
        self,
        name: str,
        *,
        labels: dict[str, str] | None = None,
        allocatable: dict[str, str] | None = None,
        **spec: Any,
    ) -> None:
        """A satellite joins, and has a SatelliteNode from the start."""
        self.api.create(ObjectKey(kinds.SATELLITE_NODE, name), {"spec": satellite_body(**spec)})
        self.join(name, labels=labels, allocatable=allocatable)

    def join(
        self,
        name: str,
        *,
        labels: dict[str, str] | None = None,
        allocatable: dict[str, str] | None = None,
    ) -> None:
        """A Node joins as a satellite; unless that is given, it does not say what it has."""
        taint = {"key": names.SATELLITE_TAINT, "effect": "NoSchedule"}
        own = {"kubernetes.io/arch": "arm64", names.SATELLITE_LABEL: "true"}
        node = {
            "metadata": {"labels": own | (labels or {})},
            "spec": {"taints": [taint]},
            "status": {} if allocatable is None else {"allocatable": allocatable},
        }
        self.api.create(ObjectKey(kinds.NODE, name), node)
        self.satellites[name] = PaperSatellite(name, self.files)

    def ask(self, name: str, spec: dict[str, Any]) -> None:
        """Creates an InferenceModel, or gives it another spec."""
        key = ObjectKey(kinds.INFERENCE_MODEL, name, "default")
        if self.api.get(key) is None:
            self.api.create(key, {"spec": spec})
        else:
            self.api.change(key, lambda model: model.update(spec=spec))

    def act(self, verb: RolloutVerb, model: str = "m", **more: Any) -> str:
        """Creates a RolloutAction; its name."""
        name = f"action-{len(self.api.items(kinds.ROLLOUT_ACTION))}"
        spec = {"model": model, "verb": verb.value, "by": "alice", **more}
        self.api.create(ObjectKey(kinds.ROLLOUT_ACTION, name, "default"), {"spec": spec})
        return name

    def answer(self, action: str) -> RolloutActionStatus:
        """What has become of a RolloutAction."""
        item = self.api.get(ObjectKey(kinds.ROLLOUT_ACTION, action, "default"))
        assert item is not None
        return RolloutActionStatus.model_validate(item.get("status", {}))

    def set_policy(self, name: str, spec: dict[str, Any]) -> None:
        """Creates a RolloutPolicy, or gives it another spec."""
        key = ObjectKey(kinds.ROLLOUT_POLICY, name)
        if self.api.get(key) is None:
            self.api.create(key, {"spec": spec})
        else:
            self.api.change(key, lambda policy: policy.update(spec=spec))

    def amend_satellite(self, name: str, **spec: Any) -> None:
        """Changes fields of a SatelliteNode's spec."""
        key = ObjectKey(kinds.SATELLITE_NODE, name)
        self.api.change(key, lambda item: item["spec"].update(spec))

    # What is the case

    def values(self, kind: Kind) -> Collection[Item]:
        """All objects of a kind, but for what the agents are made of."""
        items = self.api.items(kind)
        return self._of_models[kind].of(
            (items,), lambda: [item for item in items if not agents.is_of_agents(item)]
        )

    def agents(self, kind: Kind) -> Collection[Json]:
        """Those objects of a kind that the agents are made of."""
        items, slim = self.api.items(kind), slim_pod if kind == kinds.POD else dict
        return self._of_agents[kind].of(
            (items,), lambda: [slim(item) for item in items if agents.is_of_agents(item)]
        )

    def model(self, name: str = "m") -> InferenceModelStatus:
        """Status of an InferenceModel."""
        item = self.api.get(ObjectKey(kinds.INFERENCE_MODEL, name, "default"))
        assert item is not None
        return self._statuses[name].of(
            (item,), lambda: InferenceModelStatus.model_validate(item.get("status", {}))
        )

    def satellite(self, name: str) -> SatelliteNodeStatus:
        """Status of a SatelliteNode."""
        item = self.api.get(ObjectKey(kinds.SATELLITE_NODE, name))
        assert item is not None
        return satellite_record(item).status

    def is_lost(self, name: str) -> bool:
        """Whether a satellite's status says so; asked often, so nothing else is read."""
        item = self.api.get(ObjectKey(kinds.SATELLITE_NODE, name))
        return item is not None and item.get("status", {}).get("phase") == SatellitePhase.LOST

    def pods(self, name: str = "m") -> list[Item]:
        """Pods of a model that nobody deletes."""
        return [
            pod
            for pod in self.api.items(kinds.POD)
            if pod["metadata"]["labels"].get(names.MODEL_LABEL) == name and controllers.is_live(pod)
        ]

    def node(self, name: str) -> Item:
        """A Node."""
        item = self.api.get(ObjectKey(kinds.NODE, name))
        assert item is not None
        return item

    def snapshot(self) -> Snapshot:
        """As the operator sees the fleet now."""
        origin = Origin.LISTED if self._just_begun else Origin.STREAMED
        self._just_begun = False
        leases = self.api.items(kinds.LEASE)
        for lease in leases if leases is not self._heard else ():
            change = Change(lease, origin)
            if lease["metadata"]["namespace"] == names.HEARTBEAT_NAMESPACE:
                self.feed.take_agent_lease(change)
            else:
                self.feed.take_kubelet_lease(change)
        self._heard = leases
        return self._photographer.snapshot(self._names_taken)

    def plan(self) -> Plan:
        """What the operator would do now, whether it remembers its last plan or has just begun."""
        snapshot = self.snapshot()
        found = plan(snapshot, self.now, self._memory)
        if self.forgets:
            assert found.tracks == plan(snapshot, self.now).tracks
        return found

    # What happens

    def restart(self) -> None:
        """The operator dies and begins anew: it hears from now on."""
        self._begin()
        if self.observing_since is not None:
            self.observing_since = self.now

    def pass_time(self, seconds: float, *, step_s: float = STEP_S) -> None:
        """Everybody does what is theirs, again and again."""
        for _ in range(round(seconds / step_s)):
            self.now += timedelta(seconds=step_s)
            self.live()
            self.sweep()

    def live(self) -> None:
        """Satellites and controllers do what is theirs, once."""
        for satellite in self.satellites.values():
            satellite.work()
            if self._in_contact(satellite.name):
                satellite.talk(self.api, self.now)
        self._done("the satellites have talked")
        self.snapshot()
        controllers.watch_nodes(self.api, self.feed.kubelet_arrivals.get, self.now)
        self._done("silent Nodes are marked")
        self._control()
        self.metrics.measure()

    def _control(self) -> None:
        for controller in (
            controllers.collect_garbage,
            controllers.run_replica_sets,
            agents.keep_revisions,
            controllers.run_daemon_sets,
            schedule,
        ):
            controller(self.api)
            self._done(controller.__name__)

    def sweep(self) -> None:
        """The operator looks, plans and writes, until nothing is left to be written now."""
        self._stuck = []
        for _ in range(20):
            decided = self.plan()
            if all(track.writes[0] in self._stuck for track in decided.tracks):
                self._done("swept")
                return
            self._perform(decided.tracks)
            self._done("planned")
        raise AssertionError(f"planning does not converge: {decided.tracks}")

    def _perform(self, tracks: Sequence[Track]) -> None:
        """Tracks side by side, in any order; what is refused ends its track."""
        under_way = [(track, iter(track.writes)) for track in tracks]
        while under_way:
            track, writes = self.chance.choice(under_way)
            write = next(writes, None)
            if write is None:
                self._names_taken.pop(track.name, None)
            if write is None or not self._attempt(track, write):
                under_way.remove((track, writes))
            else:
                self._done(_told(track, write))
                if self.chance.random() < CONTROLLER_IS_QUICKER:
                    self._control()

    def _attempt(self, track: Track, write: Write) -> bool:
        try:
            self.api.perform(write)
        except TakenError as error:
            self._names_taken[track.name] = str(error)
            self._stuck.append(write)
            return False
        except RefusedError:
            return False
        return True

    def _done(self, what: str) -> None:
        for observe in self.observers:
            observe(what)

    def _in_contact(self, name: str) -> bool:
        """By its contact plan; a Node without a SatelliteNode always is."""
        item = self.api.get(ObjectKey(kinds.SATELLITE_NODE, name))
        spec = self._specs[name].of((item,), lambda: satellite_record(item).spec) if item else None
        if spec is None or (spec.orbit.contacts is None and spec.orbit.fixed is None):
            return True
        contacts = supplied_contacts(spec.orbit, self.now, self.now + timedelta(seconds=1))
        return any(window.contains(self.now) for window in contacts.windows)


def fleet_of(
    count: int,
    settings: Settings | None = None,
    *,
    labels: Iterable[dict[str, str]] = (),
    **spec: Any,
) -> PaperFleet:
    """So many satellites, named ``sat-1`` and on, that have been heard already."""
    fleet = PaperFleet(settings)
    given = list(labels)
    for number in range(count):
        own = given[number] if number < len(given) else None
        fleet.add_satellite(f"sat-{number + 1}", labels=own, **spec)
    fleet.pass_time(2 * STEP_S)
    return fleet


def _told(track: Track, write: Write) -> str:
    key = write.regarding if isinstance(write, Announce) else write.key
    verb = "deletes" if isinstance(write, Delete) else "writes"
    return f"{track.name} {verb} {key.kind.name} {key.name}"
