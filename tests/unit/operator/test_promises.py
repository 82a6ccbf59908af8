"""Whatever happens in whatever order, the promises hold after every write.

The machine plays users, satellites and the sky at random on a fleet on paper; `Promises` looks
after every single thing that the operator, a controller or a satellite does. What it plays is in
paper_fleet/turmoil.py; `make soak` plays much more of it.
"""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paper_fleet import turmoil
from paper_fleet.turmoil import Turmoil
from perigee_api.rollout_action import RolloutVerb

NUMBERS = st.sampled_from([*turmoil.GOOD, turmoil.FAILING, turmoil.DAMAGED])
SATELLITES = st.sampled_from([f"sat-{n + 1}" for n in range(turmoil.SATELLITES)])
STEPS = st.sampled_from(turmoil.STEPS)
PLACING = st.sampled_from(turmoil.PLACING)
REPLICAS = st.sampled_from([1, 2, 3])
MEMORY = st.sampled_from(["1Gi", "2Gi", "3Gi"])


class Constellation(RuleBasedStateMachine):
    """Four satellites and a model."""

    played: Turmoil

    @initialize(
        replicas=REPLICAS | st.none(), steps=STEPS, seed=st.integers(0, 99), placing=PLACING
    )
    def begin(
        self,
        replicas: int | None,
        steps: list[dict[str, Any]],
        seed: int,
        placing: dict[str, Any],
    ) -> None:
        self.played = Turmoil(replicas, steps, seed, placing)

    @rule(seconds=st.sampled_from([5, 20, 60]))
    def pass_time(self, seconds: int) -> None:
        self.played.fleet.pass_time(seconds)

    @rule(number=NUMBERS)
    def ask_for_a_revision(self, number: int) -> None:
        self.played.ask(artifact_number=number)

    @precondition(lambda self: not self.played.every)
    @rule(replicas=REPLICAS)
    def ask_for_copies(self, replicas: int) -> None:
        self.played.ask(replicas=replicas)

    @rule(steps=STEPS)
    def ask_for_steps(self, steps: list[dict[str, Any]]) -> None:
        self.played.ask(steps=steps)

    @rule(placing=PLACING)
    def ask_for_placing(self, placing: dict[str, Any]) -> None:
        self.played.ask_for_placing(placing)

    @rule(times=st.sampled_from(turmoil.TIMES))
    def ask_for_times(self, times: dict[str, Any]) -> None:
        self.played.ask(rollout=times)

    @rule(name=SATELLITES, maintenance=st.booleans())
    def take_out_or_bring_back(self, *, name: str, maintenance: bool) -> None:
        self.played.take_out_or_bring_back(name, maintenance=maintenance)

    @precondition(lambda self: not self.played.every)
    @rule(plane=st.sampled_from(["a", "b", None]))
    def ask_for_a_plane(self, plane: str | None) -> None:
        self.played.ask_for_plane(plane)

    @rule(memory=MEMORY)
    def ask_for_memory(self, memory: str) -> None:
        self.played.ask_for_memory(memory)

    @rule(name=SATELLITES, memory=MEMORY)
    def give_memory(self, name: str, memory: str) -> None:
        self.played.allocate(name, memory)

    @rule(name=SATELLITES, period_s=st.sampled_from([None, 60, 240]))
    def plan_passes(self, name: str, period_s: int | None) -> None:
        self.played.plan_passes(name, period_s)

    @rule(paused=st.booleans())
    def pause(self, *, paused: bool) -> None:
        self.played.ask(paused=paused)

    @rule(verb=st.sampled_from(RolloutVerb))
    def decide_about_the_rollout(self, verb: RolloutVerb) -> None:
        self.played.decide(verb)

    @rule(name=SATELLITES)
    def cut_or_mend_the_link(self, name: str) -> None:
        self.played.cut_or_mend_link(name)

    @rule(name=SATELLITES)
    def lose_power_or_boot(self, name: str) -> None:
        self.played.lose_power_or_boot(name)

    @rule(name=SATELLITES)
    def end_or_start_the_agent(self, name: str) -> None:
        self.played.end_or_start_agent(name)

    @rule(image=st.sampled_from(turmoil.AGENT_IMAGES))
    def deploy_the_agents(self, image: str) -> None:
        self.played.deploy_agents(image)

    @rule(data=st.data())
    def break_or_mend_a_container(self, data: st.DataObject) -> None:
        uids = self.played.uids()
        if uids:
            self.played.break_or_mend(data.draw(st.sampled_from(uids)))

    @rule(answer=st.sampled_from(turmoil.ANSWERS))
    def measure(self, answer: list[float] | None) -> None:
        self.played.measure(answer)

    @rule()
    def stop_or_start_observing(self) -> None:
        self.played.stop_or_start_observing()

    @rule()
    def restart_the_operator(self) -> None:
        self.played.restart_operator()

    @invariant()
    def whatever_is_planned_settles(self) -> None:
        if hasattr(self, "played"):
            self.played.fleet.sweep()

    def teardown(self) -> None:
        """With all well again, the model ends where its spec points, or says why not."""
        if hasattr(self, "played"):
            self.played.make_well()
            self.played.ends_as_it_should()


TestPromises = Constellation.TestCase
TestPromises.settings = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    phases=set(Phase) - {Phase.explain},  # it takes longer than it is worth
    suppress_health_check=[HealthCheck.too_slow],
)
