"""Revisions that swap in place on satellites without room for two, on a fleet on paper."""

from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import START, contact, digest_of, model_body
from paper_fleet.promises import Promises
from paper_fleet.scenes import hosts, revision, serving
from perigee_api.base import Condition
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import RolloutVerb
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain import kinds
from perigee_operator.domain.rollout.room_verdict import HAS_ROOM

MEMORY = {"requests": {"memory": "2Gi"}}
ROUTED_S = 70
"""After so long all satellites' routes are as the ground says."""


class Outages:
    """Watches on how many satellites nobody serves, of those on which somebody has."""

    def __init__(self, fleet: PaperFleet) -> None:
        self._fleet = fleet
        self.most = 0
        self.two_at_once: set[str] = set()
        self._promises = Promises(fleet)
        self._served: set[str] = set()
        fleet.observers.append(self._promises.look)
        fleet.observers.append(self.look)

    def look(self, _: str) -> None:
        pods = self._fleet.api.items(kinds.POD)
        on = [pod["spec"].get("nodeName") for pod in pods]
        self.two_at_once |= {node for node in on if node is not None and on.count(node) > 1}
        serves = set(serving(self._fleet))
        self._served |= serves
        self.most = max(self.most, len(self._served - serves))


def tight(count: int, memory: str = "3Gi", **spec: Any) -> tuple[PaperFleet, Outages]:
    """Satellites with room for one copy of 2Gi each."""
    fleet = PaperFleet()
    for number in range(count):
        fleet.add_satellite(f"sat-{number + 1}", allocatable={"memory": memory}, **spec)
    fleet.pass_time(10)
    return fleet, Outages(fleet)


def wanting(number: int = 1, replicas: int | None = 2, **rollout: Any) -> dict[str, Any]:
    rollout = {"strategy": "Replace"} | rollout
    return model_body(
        artifact_number=number,
        replicas=replicas,
        resources=MEMORY,
        rollout=rollout,
        steps=rollout.pop("steps", ()),
    )


def told(fleet: PaperFleet, reason: str) -> list[str]:
    """Messages of the Events of that reason."""
    return [each.note for each in fleet.api.announced if each.reason == reason]


def begun(fleet: PaperFleet) -> str:
    """The satellite that swaps first; time passes until one does."""
    for _ in range(60):
        fleet.pass_time(5)
        under_way = [swap for swap in fleet.model().swaps if swap.ended is None]
        if under_way:
            return under_way[0].satellite
    raise AssertionError(f"no swap begins: {fleet.model()}")


@pytest.mark.parametrize("replicas", [3, None])
@pytest.mark.parametrize("strategy", ["Replace", "Auto"])
def test_one_satellite_after_another_swaps_in_place(replicas: int | None, strategy: str) -> None:
    fleet, outages = tight(3)
    fleet.ask("m", wanting(1, replicas))
    fleet.pass_time(ROUTED_S)
    assert fleet.model().phase is ModelPhase.HEALTHY
    fleet.ask("m", wanting(2, replicas, strategy=strategy))
    fleet.pass_time(300)
    status = fleet.model()
    assert status.phase is ModelPhase.HEALTHY, status
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert len(serving(fleet)) == len(fleet.pods()) == 3
    assert outages.most == 1
    assert not outages.two_at_once
    assert not status.swaps
    # The old files are kept for the way back.
    assert all(digest_of(1) in s.artifacts for s in fleet.satellites.values())


def test_it_is_told_what_takes_whose_place_and_what_waits_for_its_turn() -> None:
    fleet, _ = tight(2)
    fleet.ask("m", wanting(1))
    fleet.pass_time(ROUTED_S)
    fleet.ask("m", wanting(2))
    assert begun(fleet) == "sat-1"
    message = fleet.model().message
    assert "sat-1 swaps in place since 12:0" in message
    waits = "sat-2 waits to swap in place: 1 swap already, and maxUnavailable is 1"
    assert waits in message
    fleet.pass_time(120)
    first, second = told(fleet, "SwapBegins")
    assert first == (
        f"Revision {revision(fleet, 2)} takes the place of what sat-1 has: the model is asked no "
        "more there, on board neither, until it is verified. With it 1 of 2 satellites do not "
        "serve; maxUnavailable is 1."
    )
    assert "sat-2" in second
    assert len(told(fleet, "SwapEnded")) == 2


@pytest.mark.parametrize("replicas", [3, None])
def test_a_candidate_in_a_stable_ones_place_serves_whatever_the_weight(
    replicas: int | None,
) -> None:
    fleet, outages = tight(3)
    fleet.ask("m", wanting(1, replicas))
    fleet.pass_time(ROUTED_S)
    steps = [{"wave": {"count": 1}}, {"pause": {}}]
    fleet.ask("m", wanting(2, replicas, steps=steps))
    fleet.pass_time(120)
    candidate = revision(fleet, 2)
    assert sorted(serving(fleet).values()).count(candidate) == 1
    assert len(serving(fleet)) == len(fleet.pods()) == 3
    assert outages.most == 1


@pytest.mark.parametrize("back", [0, 1, 2])
def test_swaps_go_on_where_fewer_serve_than_are_wanted(back: int) -> None:
    """Of four satellites two are back when the next revision comes, or one, or none."""
    fleet, _ = tight(4)
    away = ("sat-2", "sat-3")
    for name in away:
        fleet.amend_satellite(name, maintenance=True)
    fleet.ask("m", wanting(1, 3))
    fleet.pass_time(ROUTED_S)
    assert set(serving(fleet)) == {"sat-1", "sat-4"}
    for name in away[:back]:
        fleet.amend_satellite(name, maintenance=False)
    fleet.ask("m", wanting(2, 3))
    fleet.pass_time(400)
    status = fleet.model()
    assert status.stable_revision == revision(fleet, 2), status.message
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert len(serving(fleet)) == min(3, 2 + back)


@pytest.mark.parametrize("replicas", [3, None])
@pytest.mark.parametrize("out", [1, 2])
def test_an_abort_brings_the_stable_revision_back_in_turn(replicas: int | None, out: int) -> None:
    fleet, outages = tight(3)
    fleet.ask("m", wanting(1, replicas))
    fleet.pass_time(ROUTED_S)
    stable = revision(fleet, 1)
    steps = [{"wave": {"count": 2}}, {"pause": {}}]
    fleet.ask("m", wanting(2, replicas, steps=steps, maxUnavailable=out))
    fleet.pass_time(120)
    assert sorted(serving(fleet).values()).count(revision(fleet, 2)) == 2
    fleet.act(RolloutVerb.ABORT)
    fleet.pass_time(150)
    assert set(serving(fleet).values()) == {stable}
    assert len(serving(fleet)) == len(fleet.pods()) == 3
    assert outages.most == out
    assert not outages.two_at_once
    assert not fleet.model().swaps


@pytest.mark.parametrize("replicas", [2, None])
def test_a_candidate_that_fails_in_the_first_place_gives_it_back(replicas: int | None) -> None:
    fleet, outages = tight(2)
    fleet.files.failing.add(digest_of(2))
    fleet.ask("m", wanting(1, replicas))
    fleet.pass_time(ROUTED_S)
    fleet.ask("m", wanting(2, replicas))
    fleet.pass_time(150)
    status = fleet.model()
    assert status.aborted is not None
    assert status.aborted.reason == "GoldenSetFailed"
    assert set(serving(fleet).values()) == {revision(fleet, 1)}
    assert len(serving(fleet)) == len(fleet.pods()) == 2
    assert outages.most == 1


@pytest.mark.parametrize("replicas", [3, None])
def test_a_satellite_lost_in_mid_swap_makes_room_for_others(replicas: int | None) -> None:
    fleet, _ = tight(4)
    fleet.ask("m", wanting(1, replicas))
    fleet.pass_time(ROUTED_S)
    fleet.ask("m", wanting(2, replicas))
    lost = begun(fleet)
    fleet.satellites[lost].linked = False
    fleet.pass_time(600)
    assert fleet.satellite(lost).phase is SatellitePhase.LOST
    status = fleet.model()
    assert status.stable_revision == revision(fleet, 2), status
    assert lost not in serving(fleet)
    assert set(serving(fleet).values()) == {status.stable_revision}
    assert len(serving(fleet)) == 3
    fleet.satellites[lost].linked = True
    fleet.pass_time(300)
    assert set(serving(fleet).values()) == {status.stable_revision}
    assert len(fleet.pods()) == len(serving(fleet)) == (3 if replicas else 4)
    assert fleet.model().phase is ModelPhase.HEALTHY


@pytest.mark.parametrize("replicas", [2, None])
def test_a_satellite_that_goes_dark_in_mid_swap_goes_on_at_its_next_pass(
    replicas: int | None,
) -> None:
    fleet, outages = tight(2)
    fleet.ask("m", wanting(1, replicas))
    fleet.pass_time(ROUTED_S)
    fleet.ask("m", wanting(2, replicas))
    dark = begun(fleet)
    seconds = (fleet.now - START).total_seconds()
    passes = [contact(-60, seconds + 1), contact(seconds + 900, seconds + 1500)]
    fleet.amend_satellite(dark, orbit={"contacts": passes, "fixed": None})
    fleet.pass_time(600)
    assert fleet.satellite(dark).phase is SatellitePhase.EXPECTED_DARK
    other = serving(fleet)
    assert len(other) == 1, "nobody else gives way meanwhile"
    assert set(other.values()) == {revision(fleet, 1)}
    assert f"{dark} is ExpectedDark" in fleet.model().message
    fleet.pass_time(700)
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert len(serving(fleet)) == 2
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert outages.most == 1


@pytest.mark.parametrize("replicas", [2, None])
def test_an_operator_that_dies_again_and_again_ends_the_swaps_all_the_same(
    replicas: int | None,
) -> None:
    fleet, outages = tight(2)
    fleet.ask("m", wanting(1, replicas))
    fleet.pass_time(ROUTED_S)
    fleet.ask("m", wanting(2, replicas))
    for _ in range(40):
        fleet.restart()
        fleet.pass_time(10)
    fleet.pass_time(200)
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert outages.most == 1
    assert not outages.two_at_once


def test_another_spec_in_mid_rollout_takes_the_place_of_both() -> None:
    fleet, outages = tight(3)
    fleet.ask("m", wanting(1, 3))
    fleet.pass_time(ROUTED_S)
    fleet.ask("m", wanting(2, 3, steps=[{"wave": {"count": 2}}, {"pause": {}}]))
    fleet.pass_time(120)
    fleet.ask("m", wanting(3, 3))
    fleet.pass_time(300)
    assert set(serving(fleet).values()) == {revision(fleet, 3)}
    assert len(serving(fleet)) == len(fleet.pods()) == 3
    assert outages.most == 1
    assert not outages.two_at_once


def test_the_only_copy_stays_unless_the_user_lets_it_go() -> None:
    fleet, _ = tight(1)
    fleet.ask("m", wanting(1, 1))
    fleet.pass_time(ROUTED_S)
    fleet.ask("m", wanting(2, 1))
    fleet.pass_time(300)
    assert set(serving(fleet).values()) == {revision(fleet, 1)}
    assert (
        "sat-1 waits to swap in place: its copy is the last one that serves, and is not taken out, "
        "as rollout.maxUnavailable would allow" in fleet.model().message
    )
    fleet.ask("m", wanting(2, 1, maxUnavailable=1))
    fleet.pass_time(90)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_no_swap_begins_while_the_rollout_is_held() -> None:
    fleet, _ = tight(2)
    fleet.ask("m", wanting(1))
    fleet.pass_time(ROUTED_S)
    fleet.satellites["sat-1"].fetch_s = fleet.satellites["sat-2"].fetch_s = 30
    fleet.ask("m", wanting(2))
    fleet.pass_time(10)
    fleet.act(RolloutVerb.PAUSE)
    fleet.pass_time(120)
    assert set(serving(fleet).values()) == {revision(fleet, 1)}
    assert len(serving(fleet)) == 2
    fleet.act(RolloutVerb.RESUME)
    fleet.pass_time(120)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_auto_goes_first_to_whoever_has_room_for_both() -> None:
    fleet = PaperFleet()
    for number, memory in enumerate(("3Gi", "3Gi", "5Gi")):
        fleet.add_satellite(f"sat-{number + 1}", allocatable={"memory": memory})
    fleet.pass_time(10)
    outages = Outages(fleet)
    fleet.ask("m", wanting(1, None))
    fleet.pass_time(ROUTED_S)
    steps = [{"wave": {"count": 1}}, {"pause": {}}]
    fleet.ask("m", wanting(2, None, strategy="Auto", steps=steps))
    fleet.pass_time(120)
    assert hosts(fleet, revision(fleet, 2)) == {"sat-3"}
    assert outages.most == 0
    fleet.act(RolloutVerb.RESUME)
    fleet.pass_time(200)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert outages.two_at_once == {"sat-3"}
    assert outages.most == 1


def test_side_by_side_says_what_is_short_and_what_would_help() -> None:
    fleet, outages = tight(2)
    fleet.ask("m", wanting(1))
    fleet.pass_time(ROUTED_S)
    fleet.ask("m", wanting(2, strategy="SideBySide"))
    fleet.pass_time(60)
    (said,) = told(fleet, "NoRoom")
    has_room = condition(fleet)
    assert (has_room.status, has_room.reason) == ("False", "NoRoom")
    assert has_room.message in said
    assert has_room.message == (
        "sat-1 has 1Gi of the 2Gi of memory asked for, sat-2 has 1Gi of the 2Gi of memory asked "
        "for; with rollout.strategy Replace, or Auto, it takes the place of the revision that "
        "serves there"
    )
    fleet.ask("m", wanting(2, strategy="Auto"))
    begun(fleet)
    has_room = condition(fleet)
    assert (has_room.status, has_room.reason) == ("True", "SwapsInPlace")
    assert has_room.message == (
        "satellites that swap in place: 1 (sat-1); that wait for it: 1; that have: 0; "
        "out of service at once: 1 at most"
    )
    fleet.pass_time(120)
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert condition(fleet).reason == "Found"
    assert outages.most == 1


def test_what_is_too_large_even_in_place_is_not_promised_a_place() -> None:
    fleet, _ = tight(2)
    fleet.ask("m", wanting(1))
    fleet.pass_time(ROUTED_S)
    huge = {"requests": {"memory": "4Gi"}}
    for strategy in ("SideBySide", "Replace"):
        fleet.ask("m", wanting(2, strategy=strategy) | {"resources": huge})
        fleet.pass_time(30)
        assert "Replace" not in condition(fleet).message
        assert "4Gi of memory asked for" in condition(fleet).message
    assert set(serving(fleet).values()) == {revision(fleet, 1)}


def condition(fleet: PaperFleet) -> Condition:
    """What is said of room."""
    (found,) = (each for each in fleet.model().conditions if each.type == HAS_ROOM)
    return found
