"""The agents come to a new image, on a fleet on paper."""

from dataclasses import dataclass, field

from paper_fleet import agents
from paper_fleet.controllers import is_live, pod_key
from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import contact, model_body
from paper_fleet.promises import Promises
from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain import kinds

OLD, NEW, NEXT, FAR = "edge:1", "edge:2", "edge:3", "edge:4"
LOADED = (OLD, NEW, NEXT)
"""On board of all satellites."""


def images(fleet: PaperFleet) -> dict[str, str]:
    """Of the agents that nobody deletes, by satellite."""
    return {
        pod["spec"]["nodeName"]: pod["spec"]["containers"][0]["image"]
        for pod in fleet.api.items(kinds.POD)
        if agents.is_of_agents(pod) and is_live(pod)
    }


def without_agent(fleet: PaperFleet) -> set[str]:
    """Satellites whose agent is not there, or does not run."""
    running = {
        pod["spec"]["nodeName"]
        for pod in fleet.api.items(kinds.POD)
        if agents.is_of_agents(pod)
        and is_live(pod)
        and any(c["ready"] for c in pod["status"].get("containerStatuses", ()))
    }
    return fleet.satellites.keys() - running


@dataclass
class Watch:
    """What happened after everything that anybody did."""

    fleet: PaperFleet
    phases: set[SatellitePhase] = field(default_factory=set)
    most_missing: int = 0

    def look(self, _: str) -> None:
        self.phases |= {self.fleet.satellite(name).phase for name in self.fleet.satellites}
        self.most_missing = max(self.most_missing, len(without_agent(self.fleet)))


def with_agents(count: int) -> PaperFleet:
    return in_agreement(fleet_of(count))


def in_agreement(fleet: PaperFleet) -> PaperFleet:
    """All agents are of the old image, and have been heard."""
    for image in LOADED:
        agents.load(fleet.api, image)
    agents.deploy(fleet.api, OLD)
    fleet.pass_time(60)
    assert images(fleet) == dict.fromkeys(fleet.satellites, OLD)
    fleet.observers.append(Promises(fleet).look)
    return fleet


def in_turn() -> PaperFleet:
    """Three satellites that rise one after another, each for 290 s; the first is about to."""
    fleet = fleet_of(0)
    for number in range(3):
        passes = [contact(300 * number, 300 * number + 290, every=900)]
        fleet.add_satellite(f"sat-{number}", contacts=passes)
    in_agreement(fleet)
    fleet.pass_time(1800 - 60)
    return fleet


def stuck(fleet: PaperFleet) -> set[str]:
    return {
        name
        for name in fleet.satellites
        if any(c.type == "AgentStuck" for c in fleet.satellite(name).conditions)
    }


def warnings(fleet: PaperFleet) -> list[str]:
    return [each.regarding.name for each in fleet.api.announced if each.reason == "AgentStuck"]


def test_all_agents_come_to_the_new_image_and_nothing_else_is_touched() -> None:
    fleet = with_agents(8)
    fleet.ask("m", model_body(replicas=4))
    fleet.pass_time(60)
    containers = [pod["metadata"]["uid"] for pod in fleet.pods()]
    watch = Watch(fleet)
    fleet.observers.append(watch.look)
    agents.deploy(fleet.api, NEW)
    fleet.pass_time(15)
    assert list(images(fleet).values()).count(OLD) == 7, "one before all others"
    fleet.pass_time(200)
    assert images(fleet) == dict.fromkeys(fleet.satellites, NEW)
    assert watch.most_missing == 2, "a quarter of eight"
    assert watch.phases == {SatellitePhase.IN_CONTACT}
    assert [pod["metadata"]["uid"] for pod in fleet.pods()] == containers
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert not fleet.plan().tracks


def test_a_new_agent_that_does_not_come_up_stops_the_others_and_a_better_one_goes_on() -> None:
    fleet = with_agents(8)
    fleet.files.bad_images.add(NEW)
    watch = Watch(fleet)
    fleet.observers.append(watch.look)
    agents.deploy(fleet.api, NEW)
    fleet.pass_time(1000)
    assert list(images(fleet).values()).count(OLD) == 7
    assert len(stuck(fleet)) == 1
    assert warnings(fleet) == sorted(stuck(fleet)), "told once"
    assert watch.phases == {SatellitePhase.IN_CONTACT}, "the kubelet is heard"
    agents.deploy(fleet.api, NEXT)
    fleet.pass_time(300)
    assert images(fleet) == dict.fromkeys(fleet.satellites, NEXT)
    assert not stuck(fleet)


def test_the_way_back_replaces_only_what_had_gone_forward() -> None:
    fleet = with_agents(4)
    before = {pod["metadata"]["uid"] for pod in fleet.api.items(kinds.POD)}
    fleet.files.bad_images.add(NEW)
    agents.deploy(fleet.api, NEW)
    fleet.pass_time(60)
    agents.deploy(fleet.api, OLD)
    fleet.pass_time(200)
    assert images(fleet) == dict.fromkeys(fleet.satellites, OLD)
    after = {pod["metadata"]["uid"] for pod in fleet.api.items(kinds.POD)}
    assert len(before & after) == 3


def test_each_is_replaced_in_a_pass_of_its_own() -> None:
    fleet = in_turn()
    watch = Watch(fleet)
    fleet.observers.append(watch.look)
    agents.deploy(fleet.api, NEW)
    for number in range(3):
        fleet.pass_time(150)
        replaced = [name for name, image in images(fleet).items() if image == NEW]
        assert replaced == [f"sat-{each}" for each in range(number + 1)]
        fleet.pass_time(150)
    assert watch.most_missing == 1
    assert not watch.phases & {SatellitePhase.SUSPECT, SatellitePhase.MISSED_CONTACT}


def test_an_image_that_no_pass_can_carry_leaves_the_agent_as_it_is_until_it_is_on_board() -> None:
    fleet = in_turn()
    agents.deploy(fleet.api, FAR)
    fleet.pass_time(1800)
    assert set(images(fleet).values()) == {OLD}
    agents.load(fleet.api, FAR)
    fleet.pass_time(900)
    assert set(images(fleet).values()) == {FAR}


def test_an_agent_that_somebody_deletes_is_none_of_the_replacement_s_business() -> None:
    fleet = with_agents(2)
    pod = next(p for p in fleet.api.items(kinds.POD) if agents.is_of_agents(p))
    fleet.api.delete(pod_key(pod))
    assert not fleet.plan().tracks
    fleet.pass_time(60)
    assert images(fleet) == dict.fromkeys(fleet.satellites, OLD)


def test_a_satellite_out_of_service_keeps_its_agent_and_holds_up_nobody() -> None:
    fleet = with_agents(4)
    fleet.amend_satellite("sat-1", maintenance=True)
    fleet.pass_time(30)
    agents.deploy(fleet.api, NEW)
    fleet.pass_time(300)
    assert images(fleet) == {"sat-1": OLD, "sat-2": NEW, "sat-3": NEW, "sat-4": NEW}
    fleet.amend_satellite("sat-1", maintenance=False)
    fleet.pass_time(100)
    assert images(fleet)["sat-1"] == NEW


def test_an_operator_that_dies_goes_on() -> None:
    fleet = with_agents(4)
    agents.deploy(fleet.api, NEW)
    for _ in range(30):
        fleet.pass_time(10)
        fleet.restart()
    assert images(fleet) == dict.fromkeys(fleet.satellites, NEW)
