"""What may happen to a fleet and to a model, in whatever order; promises are watched throughout.

A hypothesis machine plays it in `make test`, a seeded soak at length in `make soak`.
"""

from typing import Any, Final

from paper_fleet import agents
from paper_fleet.fleet import fleet_of
from paper_fleet.intents import START, contact, digest_of, model_body, satellite_body
from paper_fleet.metrics import DOWN
from paper_fleet.promises import Promises
from perigee_api import names
from perigee_api.inference_model import InferenceModelStatus, ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.writes import Announce, Apply, Json, ObjectKey, Write

SATELLITES: Final = 4
PLANES: Final = "aabb"
LOST_AFTER_S: Final = 30.0
AMPLE: Final = "64Gi"
TIGHT: Final = "3Gi"
"""As much as a copy sets aside at the most."""

METRIC: Final[dict[str, Any]] = {
    "name": "errors",
    "prometheus": {"address": "http://prometheus", "query": "errors"},
    "failureCondition": "value > 0.1",
    "interval": 10,
    "count": 2,
}
STEPS: Final[list[list[dict[str, Any]]]] = [
    [],
    [{"wave": {"count": 1}}, {"weight": 50}],
    [{"wave": {"count": 1}}, {"pause": {"contactTime": 10}}, {"wave": {"percent": 60}}],
    [{"weight": 50}, {"pause": {"duration": 10}}],
    [{"wave": {"selector": {"plane": "a"}}}, {"wave": {"percent": 75}}, {"weight": 30}],
    [{"wave": {"count": 1}}, {"wave": {"selector": {"plane": "b"}}}, {"pause": {"serving": 10}}],
    [{"wave": {"count": 1}}, {"analysis": {"metrics": [METRIC]}}],
]
TIMES: Final[list[dict[str, Any]]] = [
    {},
    {"blackouts": [contact(0, 1e6)]},
    {"blackouts": [contact(0, 1e6)], "atWindowEnd": "revert"},
    {"windows": [contact(n * 60, n * 60 + 30) for n in range(16)], "atWindowEnd": "revert"},
    {"onlyInContact": True},
    {"policy": "nobody-has-it"},
    {"policy": "a name that no policy can have"},
]
"""When anything may be started; the last makes the whole spec invalid."""
PLACING: Final[list[dict[str, Any]]] = [
    {},
    {},
    {"strategy": "Replace"},
    {"strategy": "Replace", "maxUnavailable": 1},
    {"strategy": "Replace", "maxUnavailable": 2},
    {"strategy": "Auto"},
    {"strategy": "Auto", "maxUnavailable": 2},
]
"""How a satellite goes from one revision to another; how many may be out of service for it."""
ANSWERS: Final[list[list[float] | None]] = [[], [0.01], [0.5], DOWN]
"""What Prometheus says of the metric."""

AGENT_IMAGES: Final = ("edge:1", "edge:2")

TOLD: Final = frozenset({"phase", "message", "conditions"})

GOOD: Final = (1, 2, 3)
FAILING, DAMAGED = 90, 91
"""Artifacts of bad revisions: the golden set fails, the file is another."""


class Turmoil:
    """Some satellites and a model, of which users, satellites and the sky ask much at once.

    Args:
        replicas: of the model; None: it is for every satellite.
        steps: of its rollouts.
        placing: how satellites go from one revision to another.
        seed: of the order in which the operator's writes and the controllers take turns.
    """

    def __init__(
        self,
        replicas: int | None,
        steps: list[dict[str, Any]],
        seed: int,
        placing: dict[str, Any] | None = None,
    ) -> None:
        limits = Settings(serve_image="edge", loss_budget_percent=50)
        labels = [{"plane": plane} for plane in PLANES]
        self.fleet = fleet_of(SATELLITES, limits, labels=labels, lost_after_s=LOST_AFTER_S)
        for name in self.fleet.satellites:
            self.allocate(name, TIGHT)
        self.fleet.chance.seed(seed)
        self.fleet.files.failing.add(digest_of(FAILING))
        self.fleet.files.damaged.add(digest_of(DAMAGED))
        self.asked: dict[str, Any] = {"artifact_number": 1, "replicas": replicas, "steps": steps}
        self.every = replicas is None
        self.placing = placing or {}
        self.fleet.observers.append(Promises(self.fleet).look)
        self.ask()

    # What users do

    def ask(self, **changed: Any) -> None:
        """Gives the model another spec, but for what stays."""
        self.asked |= changed
        rollout = self.asked.get("rollout", {}) | self.placing
        self.fleet.ask("m", model_body(**self.asked | {"rollout": rollout}))

    def ask_for_placing(self, placing: dict[str, Any]) -> None:
        """Revisions are to be side by side, or to take each other's place."""
        self.placing = placing
        self.ask()

    def ask_for_plane(self, plane: str | None) -> None:
        """Only there the model may be; None: anywhere."""
        self.ask(placement={"nodeSelector": {} if plane is None else {"plane": plane}})

    def ask_for_memory(self, memory: str) -> None:
        """So much each Pod sets aside."""
        self.ask(resources={"requests": {"memory": memory}})

    def decide(self, verb: RolloutVerb) -> None:
        """A human's verb."""
        self.fleet.act(verb)

    def take_out_or_bring_back(self, name: str, *, maintenance: bool) -> None:
        """Of service."""
        self.fleet.amend_satellite(name, maintenance=maintenance)

    def deploy_agents(self, image: str) -> None:
        """Another version of the agents."""
        agents.deploy(self.fleet.api, image)

    # What satellites and the sky do

    def allocate(self, name: str, memory: str) -> None:
        """So much memory a satellite has from now on."""
        allocatable = {"allocatable": {"memory": memory}}
        self.fleet.api.change(
            ObjectKey(kinds.NODE, name), lambda node: node["status"].update(allocatable)
        )

    def plan_passes(self, name: str, period_s: int | None) -> None:
        """In contact for the first half of each period; None: always, as an edge site is."""
        begins_s = (self.fleet.now - START).total_seconds()
        passes = (
            [contact(begins_s + n * period_s, begins_s + (n + 0.5) * period_s) for n in range(100)]
            if period_s
            else []
        )
        orbit = satellite_body(contacts=passes)["orbit"]
        self.fleet.amend_satellite(name, orbit=orbit)

    def cut_or_mend_link(self, name: str) -> None:
        """Unlike what the plan says."""
        satellite = self.fleet.satellites[name]
        satellite.linked = not satellite.linked

    def lose_power_or_boot(self, name: str) -> None:
        """Whichever it can."""
        satellite = self.fleet.satellites[name]
        satellite.lose_power() if satellite.powered else satellite.boot()

    def end_or_start_agent(self, name: str) -> None:
        """Whichever it can."""
        satellite = self.fleet.satellites[name]
        satellite.agent_runs = not satellite.agent_runs

    def uids(self) -> list[str]:
        """Of the model's Pods."""
        return sorted(pod["metadata"]["uid"] for pod in self.fleet.pods())

    def break_or_mend(self, uid: str) -> None:
        """A Pod's container hangs, or does so no more."""
        for satellite in self.fleet.satellites.values():
            satellite.broken ^= {uid}

    def measure(self, answer: list[float] | None) -> None:
        """So Prometheus answers from now on."""
        self.fleet.metrics.answers["errors"] = answer

    # What the operator's host does

    def stop_or_start_observing(self) -> None:
        """The operator hears nothing, or hears again."""
        deaf = self.fleet.observing_since is None
        self.fleet.observing_since = self.fleet.now if deaf else None

    def restart_operator(self) -> None:
        """It decides the same: nothing but what is found of the satellites may be told anew."""
        self.fleet.sweep()
        self.fleet.restart()
        for track in self.fleet.plan().tracks:
            for write in track.writes:
                assert self._only_tells(write), write

    def _only_tells(self, write: Write) -> bool:
        """Whether a write changes nothing but what is said of a satellite, or to people."""
        if isinstance(write, Announce) or write.key.kind == kinds.SATELLITE_NODE:
            return True
        if write.key.kind != kinds.INFERENCE_MODEL or not isinstance(write, Apply):
            return False
        item = self.fleet.api.get(write.key)
        assert item is not None
        return _decided(item["status"]) == _decided(write.body["status"])

    # How it ends

    def make_well(self) -> None:
        """Everything that was done to the fleet is mended, and time passes."""
        self.fleet.observing_since = self.fleet.observing_since or self.fleet.now
        for satellite in self.fleet.satellites.values():
            satellite.linked = satellite.agent_runs = True
            satellite.broken.clear()
            if not satellite.powered:
                satellite.boot()
            self.plan_passes(satellite.name, None)
            self.take_out_or_bring_back(satellite.name, maintenance=False)
            self.allocate(satellite.name, TIGHT if self.placing else AMPLE)
        self.measure([0.01])
        if self.placing:
            # Otherwise the only copy of a model stays, and the rollout says so.
            self.placing = {"maxUnavailable": 1} | self.placing
        self.ask(paused=False, placement={}, rollout={})
        self.fleet.pass_time(20)
        status = self.fleet.model()
        if status.pinned is not None:
            self.fleet.act(RolloutVerb.RETRY)
        if status.rollout is not None and status.rollout.held:
            self.fleet.act(RolloutVerb.RESUME)
        self.fleet.pass_time(450 if self.placing else 200)

    def ends_as_it_should(self) -> None:
        """With all well the model is where its spec points, or says why not."""
        status = self.fleet.model()
        damaged = self.asked["artifact_number"] == DAMAGED
        if damaged and status.stable_revision is None and status.aborted is None:
            # With nothing to go back to, correcting the file is enough.
            assert status.candidate_revision is not None
            assert "DigestMismatch" in status.message
            return
        if self.asked["artifact_number"] in (FAILING, DAMAGED) or status.aborted is not None:
            assert status.phase is ModelPhase.DEGRADED, status
            assert status.aborted is not None
            return
        self._serves_as_asked(status)

    def _serves_as_asked(self, status: InferenceModelStatus) -> None:
        assert status.phase is ModelPhase.HEALTHY, status
        assert status.active == (SATELLITES if self.every else self.asked["replicas"])
        of_stable = [
            pod
            for pod in self.fleet.pods()
            if pod["metadata"]["labels"][names.REVISION_LABEL] == status.stable_revision
        ]
        assert len(of_stable) == len(self.fleet.pods()) == status.active


def _decided(status: Json) -> Json:
    """A model's status without what it says to people."""
    rollout = status.get("rollout")
    led_on = {key: value for key, value in (rollout or {}).items() if key != "idle"}
    return {key: value for key, value in status.items() if key not in TOLD} | {"rollout": led_on}
