"""Rollouts that went wrong once: on a fleet on paper, with the promises watched throughout."""

from datetime import timedelta
from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import contact, digest_of, model_body
from paper_fleet.promises import Promises
from paper_fleet.scenes import hosts, revision, serving
from paper_fleet.views import at
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb

ONE: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"pause": {"contactTime": 30}}]


def watched(fleet: PaperFleet) -> PaperFleet:
    fleet.observers.append(Promises(fleet).look)
    return fleet


def test_a_wave_stays_where_it_began_though_the_artifact_is_everywhere() -> None:
    fleet = watched(PaperFleet())
    for name, start_s in (("sat-1", 0), ("sat-2", 60)):
        fleet.add_satellite(name, orbit={"contacts": [contact(start_s, start_s + 60, every=120)]})
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(300)
    fleet.ask("m", model_body(replicas=2, steps=ONE, runtime={"threads": 2}))
    places = set()
    for _ in range(60):
        fleet.pass_time(10)
        status = fleet.model()
        if (
            status.rollout is not None
            and status.rollout.step <= 1
            and not status.rollout.all_passed
        ):
            places |= hosts(fleet, status.candidate_revision)
    assert len(places) == 1
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert fleet.model().aborted is None


@pytest.mark.parametrize(
    ("steps", "sizes"),
    [
        ([{"selector": {"plane": "a"}}, {"percent": 75}], [2, 3]),
        ([{"selector": {"plane": "a"}}, {"selector": {"plane": "b"}}], [2, 4]),
        ([{"count": 1}, {"selector": {"plane": "b"}}], [1, 3]),
        ([{"selector": {"plane": "b"}}, {"count": 1}, {"count": 3}], [2, 2, 3]),
    ],
    ids=str,
)
def test_a_wave_lets_in_whom_its_step_names_and_lets_nobody_go(
    steps: list[dict[str, Any]], sizes: list[int]
) -> None:
    fleet = watched(fleet_of(4, labels=[{"plane": plane} for plane in "aabb"]))
    fleet.ask("m", model_body(replicas=None))
    fleet.pass_time(60)
    until_told: list[dict[str, Any]] = []
    for wave in steps:
        until_told += [{"wave": wave}, {"pause": {}}]
    fleet.ask("m", model_body(artifact_number=2, replicas=None, steps=until_told))
    there = set[str]()
    for size in sizes:
        fleet.pass_time(60)
        candidate = fleet.model().candidate_revision
        assert there <= hosts(fleet, candidate)
        there = hosts(fleet, candidate)
        assert len(there) == size
        fleet.act(RolloutVerb.RESUME)
    fleet.pass_time(60)
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert len(hosts(fleet, fleet.model().stable_revision)) == 4


def test_a_selector_that_nobody_matches_waits_with_those_before() -> None:
    fleet = watched(fleet_of(3))
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    steps: list[dict[str, Any]] = [{"wave": {"count": 1}}]
    steps += [{"wave": {"selector": {"plane": "none"}}}]
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=steps))
    fleet.pass_time(100)
    status = fleet.model()
    assert status.phase is ModelPhase.WAITING
    assert "no satellite that qualifies has the labels that the wave selects" in status.message
    assert len(hosts(fleet, status.candidate_revision)) == 1


def test_copies_are_spread_over_planes() -> None:
    fleet = watched(PaperFleet())
    for number, plane in enumerate("aaaab"):
        fleet.add_satellite(f"sat-{number}", plane=plane)
    spec = model_body(replicas=2)
    spec["placement"]["spreadBy"] = "plane"
    fleet.ask("m", spec)
    fleet.pass_time(60)
    on = hosts(fleet, fleet.model().stable_revision)
    assert {fleet.node(name)["metadata"]["labels"][names.PLANE_LABEL] for name in on} == {"a", "b"}


def test_nothing_starts_while_paused() -> None:
    fleet = watched(fleet_of(3))
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    before = {pod["metadata"]["uid"] for pod in fleet.pods()}
    fleet.ask("m", model_body(artifact_number=2, replicas=2, paused=True))
    fleet.pass_time(60)
    status = fleet.model()
    assert {pod["metadata"]["uid"] for pod in fleet.pods()} == before
    assert status.phase is ModelPhase.PAUSED
    assert status.message.endswith("waits: paused by spec.paused.")
    fleet.ask("m", model_body(artifact_number=2, replicas=2))
    fleet.pass_time(60)
    assert fleet.model().stable_revision != status.stable_revision


def test_steps_made_fewer_on_the_way_are_still_taken() -> None:
    fleet = watched(fleet_of(3))
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=ONE))
    fleet.pass_time(20)
    stable = fleet.model().stable_revision
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=[{"pause": {"duration": 300}}]))
    fleet.pass_time(60)
    assert fleet.model().stable_revision == stable
    fleet.now += timedelta(seconds=300)
    fleet.pass_time(60)
    assert fleet.model().stable_revision != stable


def test_a_pause_does_not_run_out_before_the_candidate_is_on_board() -> None:
    fleet = watched(fleet_of(2, contacts=[contact(-600, 100), contact(900, 1500)]))
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    first = fleet.model().stable_revision
    fleet.pass_time(60)
    steps = [{"pause": {"duration": 300}}]
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=steps))
    fleet.pass_time(830)
    assert hosts(fleet, fleet.model().candidate_revision)
    fleet.pass_time(220)
    assert fleet.model().stable_revision == first
    fleet.pass_time(200)
    assert fleet.model().stable_revision not in {None, first}


def test_what_a_dark_satellite_said_of_a_file_does_not_speak_against_another_attempt() -> None:
    fleet = watched(PaperFleet())
    fleet.add_satellite("sat-1", orbit={"contacts": [contact(0, 200), contact(1000, 1500)]})
    fleet.add_satellite("sat-2")
    fleet.ask("m", model_body(replicas=None))
    fleet.pass_time(60)
    fleet.files.damaged.add(digest_of(2))
    fleet.ask("m", model_body(artifact_number=2, replicas=None))
    while fleet.model().aborted is None:
        fleet.pass_time(5)
    fleet.satellites["sat-1"].linked = False  # before it hears that it is over
    fleet.files.damaged.clear()
    fleet.pass_time(100)
    fleet.act(RolloutVerb.RETRY)
    fleet.pass_time(100)
    status = fleet.model()
    assert status.aborted is None
    assert hosts(fleet, revision(fleet, 2)) == {"sat-2"}
    fleet.satellites["sat-1"].linked = True
    fleet.pass_time(800)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert len(serving(fleet)) == 2


def test_a_weight_of_everything_passes_with_what_can_be_had() -> None:
    fleet = watched(fleet_of(2))
    fleet.ask("m", model_body(replicas=3))
    fleet.pass_time(60)
    stable = fleet.model().stable_revision
    fleet.ask("m", model_body(artifact_number=2, replicas=3, steps=[{"weight": 100}]))
    fleet.pass_time(120)
    assert fleet.model().stable_revision != stable


def test_a_satellite_lost_in_its_wave_does_not_make_its_successor_late() -> None:
    fleet = watched(fleet_of(4, lost_after_s=30))
    fleet.ask("m", model_body(replicas=2))
    fleet.pass_time(60)
    steps = [{"wave": {"count": 1}}, {"pause": {"duration": 3000}}]
    fleet.ask("m", model_body(artifact_number=2, replicas=2, steps=steps))
    fleet.pass_time(60)
    (first,) = hosts(fleet, fleet.model().candidate_revision)
    fleet.pass_time(1500, step_s=20)
    fleet.satellites[first].linked = False
    fleet.pass_time(300)
    status = fleet.model()
    assert status.aborted is None
    assert hosts(fleet, status.candidate_revision) > {first}
    assert status.rollout is not None
    assert status.rollout.step == 1


@pytest.mark.parametrize("dark_s", [40, 200])
def test_on_a_satellite_that_has_just_risen_both_pods_run_until_its_routes_are_renewed(
    dark_s: float,
) -> None:
    """Its kube-proxy may lead clients on board to the old one for a minute more."""
    fleet = watched(fleet_of(3))
    tolerant = {"maxUnreachable": "40%"}
    fleet.ask("m", model_body(replicas=None, rollout=tolerant))
    fleet.pass_time(60)
    passes = {"contacts": [contact(0, 100), contact(100 + dark_s, 10_000)]}
    fleet.amend_satellite("sat-2", orbit=passes)
    _pass_until(fleet, 110)
    fleet.ask("m", model_body(artifact_number=2, replicas=None, rollout=tolerant))
    rises_s = 100 + dark_s
    _pass_until(fleet, rises_s)
    old, new = revision(fleet, 1), revision(fleet, 2)
    assert serving(fleet) == {"sat-1": new, "sat-2": old, "sat-3": new}
    _pass_until(fleet, rises_s + 60)
    assert serving(fleet)["sat-2"] == new
    assert "sat-2" in hosts(fleet, old) & hosts(fleet, new)
    _pass_until(fleet, rises_s + 85)
    assert "sat-2" not in hosts(fleet, old)


def _pass_until(fleet: PaperFleet, moment_s: float) -> None:
    fleet.pass_time((at(moment_s) - fleet.now).total_seconds())
