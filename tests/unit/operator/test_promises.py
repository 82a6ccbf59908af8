"""Whatever happens in whatever order, the promises hold after every write.

The machine plays users, satellites and the sky at random on a fleet on paper; `Promises` looks
after every single thing that the operator, a controller or a satellite does.
"""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paper_fleet import agents
from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import contact, digest_of, model_body
from paper_fleet.promises import Promises
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.writes import Announce, ObjectKey

STEPS: list[list[dict[str, Any]]] = [
    [],
    [{"wave": {"count": 1}}, {"weight": 50}],
    [{"wave": {"count": 1}}, {"pause": {"contactTime": 10}}, {"wave": {"percent": 60}}],
    [{"weight": 50}, {"pause": {"duration": 10}}],
    [{"wave": {"selector": {"plane": "a"}}}, {"wave": {"percent": 75}}, {"weight": 30}],
    [{"wave": {"count": 1}}, {"wave": {"selector": {"plane": "b"}}}, {"pause": {"serving": 10}}],
]
TIMES: list[dict[str, Any]] = [
    {},
    {"blackouts": [contact(0, 1e6)]},
    {"blackouts": [contact(0, 1e6)], "atWindowEnd": "revert"},
    {"windows": [contact(n * 60, n * 60 + 30) for n in range(16)], "atWindowEnd": "revert"},
    {"onlyInContact": True},
    {"policy": "there is none"},
]
"""When anything may be started."""
FAILING, DAMAGED = 90, 91
"""Artifacts of bad revisions: the golden set fails, the file is another."""

NUMBERS = st.sampled_from([1, 2, 3, FAILING, DAMAGED])
SATELLITES = st.integers(1, 4)
REPLICAS = st.sampled_from([1, 2, 3])
MEMORY = st.sampled_from(["1Gi", "2Gi", "3Gi"])


class Constellation(RuleBasedStateMachine):
    """Four satellites and a model."""

    fleet: PaperFleet

    @initialize(
        replicas=REPLICAS | st.none(), steps=st.sampled_from(STEPS), seed=st.integers(0, 99)
    )
    def begin(self, replicas: int | None, steps: list[dict[str, Any]], seed: int) -> None:
        limits = Settings(serve_image="edge", loss_budget_percent=50)
        self.fleet = fleet_of(4, limits, labels=[{"plane": p} for p in "aabb"], lost_after_s=30)
        for name in self.fleet.satellites:
            self.allocate(name, "3Gi")
        self.fleet.chance.seed(seed)
        self.fleet.files.failing.add(digest_of(FAILING))
        self.fleet.files.damaged.add(digest_of(DAMAGED))
        self.asked: dict[str, Any] = {"artifact_number": 1, "replicas": replicas, "steps": steps}
        self.every = replicas is None
        self.fleet.observers.append(Promises(self.fleet).look)
        self.ask()

    def allocate(self, name: str, memory: str) -> None:
        allocatable = {"allocatable": {"memory": memory}}
        self.fleet.api.change(
            ObjectKey(kinds.NODE, name), lambda node: node["status"].update(allocatable)
        )

    def ask(self, **changed: Any) -> None:
        self.asked |= changed
        self.fleet.ask("m", model_body(**self.asked))

    @rule(seconds=st.sampled_from([5, 20, 60]))
    def pass_time(self, seconds: int) -> None:
        self.fleet.pass_time(seconds)

    @rule(number=NUMBERS)
    def ask_for_a_revision(self, number: int) -> None:
        self.ask(artifact_number=number)

    @precondition(lambda self: not self.every)
    @rule(replicas=REPLICAS)
    def ask_for_copies(self, replicas: int) -> None:
        self.ask(replicas=replicas)

    @rule(steps=st.sampled_from(STEPS))
    def ask_for_steps(self, steps: list[dict[str, Any]]) -> None:
        self.ask(steps=steps)

    @rule(times=st.sampled_from(TIMES))
    def ask_for_times(self, times: dict[str, Any]) -> None:
        self.ask(rollout=times)

    @rule(number=SATELLITES, maintenance=st.booleans())
    def take_out_or_bring_back(self, *, number: int, maintenance: bool) -> None:
        self.fleet.amend_satellite(f"sat-{number}", maintenance=maintenance)

    @precondition(lambda self: not self.every)
    @rule(plane=st.sampled_from(["a", "b", None]))
    def ask_for_a_plane(self, plane: str | None) -> None:
        selector = {} if plane is None else {"plane": plane}
        self.ask(placement={"nodeSelector": selector})

    @rule(memory=MEMORY)
    def ask_for_memory(self, memory: str) -> None:
        self.ask(resources={"requests": {"memory": memory}})

    @rule(number=SATELLITES, memory=MEMORY)
    def give_memory(self, number: int, memory: str) -> None:
        self.allocate(f"sat-{number}", memory)

    @rule(paused=st.booleans())
    def pause(self, *, paused: bool) -> None:
        self.ask(paused=paused)

    @rule(verb=st.sampled_from(RolloutVerb))
    def decide_about_the_rollout(self, verb: RolloutVerb) -> None:
        self.fleet.act(verb)

    @rule(number=SATELLITES)
    def cut_or_mend_the_link(self, number: int) -> None:
        satellite = self.fleet.satellites[f"sat-{number}"]
        satellite.linked = not satellite.linked

    @rule(number=SATELLITES)
    def lose_power_or_boot(self, number: int) -> None:
        satellite = self.fleet.satellites[f"sat-{number}"]
        satellite.lose_power() if satellite.powered else satellite.boot()

    @rule(number=SATELLITES)
    def end_or_start_the_agent(self, number: int) -> None:
        satellite = self.fleet.satellites[f"sat-{number}"]
        satellite.agent_runs = not satellite.agent_runs

    @rule(image=st.sampled_from(["edge:1", "edge:2"]))
    def deploy_the_agents(self, image: str) -> None:
        agents.deploy(self.fleet.api, image)

    @rule(data=st.data())
    def break_or_mend_a_container(self, data: st.DataObject) -> None:
        pods = sorted(pod["metadata"]["uid"] for pod in self.fleet.pods())
        if not pods:
            return
        uid = data.draw(st.sampled_from(pods))
        for satellite in self.fleet.satellites.values():
            satellite.broken ^= {uid}

    @rule()
    def stop_or_start_observing(self) -> None:
        deaf = self.fleet.observing_since is None
        self.fleet.observing_since = self.fleet.now if deaf else None

    @rule()
    def restart_the_operator(self) -> None:
        """It decides the same: nothing but what is found of the satellites may be told anew."""
        self.fleet.sweep()
        self.fleet.restart()
        for track in self.fleet.plan().tracks:
            for write in track.writes:
                assert isinstance(write, Announce) or write.key.kind == kinds.SATELLITE_NODE, write

    @invariant()
    def whatever_is_planned_settles(self) -> None:
        if hasattr(self, "fleet"):
            self.fleet.sweep()

    def teardown(self) -> None:
        """With all well again, the model ends where its spec points, or says why not."""
        if not hasattr(self, "fleet"):
            return
        self.fleet.observing_since = self.fleet.observing_since or self.fleet.now
        for satellite in self.fleet.satellites.values():
            satellite.linked = satellite.agent_runs = True
            satellite.broken.clear()
            if not satellite.powered:
                satellite.boot()
            self.fleet.amend_satellite(satellite.name, maintenance=False)
            self.allocate(satellite.name, "64Gi")
        self.ask(paused=False, placement={}, rollout={})
        self.fleet.pass_time(20)
        status = self.fleet.model()
        if status.pinned is not None:
            self.fleet.act(RolloutVerb.RETRY)
        if status.rollout is not None and status.rollout.held:
            self.fleet.act(RolloutVerb.RESUME)
        self.fleet.pass_time(200)
        self.ends_as_it_should()

    def ends_as_it_should(self) -> None:
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
        assert status.phase is ModelPhase.HEALTHY, status
        assert status.active == (4 if self.every else self.asked["replicas"])
        of_stable = [
            pod
            for pod in self.fleet.pods()
            if pod["metadata"]["labels"][names.REVISION_LABEL] == status.stable_revision
        ]
        assert len(of_stable) == len(self.fleet.pods()) == status.active


TestPromises = Constellation.TestCase
TestPromises.settings = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    phases=set(Phase) - {Phase.explain},  # it takes longer than it is worth
    suppress_health_check=[HealthCheck.too_slow],
)
