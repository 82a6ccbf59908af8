"""Delivery of the next wave ahead of its step: on a fleet on paper, promises watched throughout."""

import sys
from collections.abc import Callable
from typing import Any

from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import contact, digest_of, model_body, model_spec
from paper_fleet.promises import Promises, told_ahead
from paper_fleet.scenes import hosts, revision, serving, watched
from paper_fleet.views import revision_of
from perigee_api.inference_model import ModelPhase, NextWave
from perigee_api.rollout_action import RolloutVerb

REVOLUTION_S, PASS_S = 5400, 300
GATED: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"pause": {}}, {"wave": {"count": 3}}]


def ahead(fleet: PaperFleet) -> set[str]:
    """Satellites that are told to fetch anything ahead of its turn."""
    return {name for name in fleet.satellites if told_ahead(fleet, name)}


def next_wave(fleet: PaperFleet) -> NextWave | None:
    rollout = fleet.model().rollout
    assert rollout is not None
    return rollout.next_wave


def begun(count: int, steps: list[dict[str, Any]], **rollout: Any) -> PaperFleet:
    """A fleet of so many, with a rollout of artifact 2 that has come to its first gate."""
    fleet = watched(count)
    fleet.ask("m", model_body(replicas=count))
    fleet.pass_time(60)
    fleet.ask("m", model_body(artifact_number=2, replicas=count, steps=steps, rollout=rollout))
    fleet.pass_time(60)
    return fleet


def passes(*, prefetch: bool) -> int:
    """Revolutions that a rollout over low orbits takes, whose file is more than a pass brings up.

    Three satellites, one after the other, each with a pass of five minutes every hour and a half;
    the file takes seven.
    """
    fleet = PaperFleet()
    fleet.forgets = False
    fleet.observers.append(Promises(fleet).look)
    for number in range(3):
        rise_s = PASS_S * number
        plan = [contact(rise_s, rise_s + PASS_S, every=REVOLUTION_S)]
        more: dict[str, Any] = {"heartbeat_s": 60, "lost_after_s": 600, "link": {"uplink": 19}}
        fleet.add_satellite(f"sat-{number + 1}", contacts=plan, **more)
    fleet.ask("m", model_body(replicas=3))
    revolutions_until(fleet, lambda: fleet.model().phase is ModelPhase.HEALTHY)
    for satellite in fleet.satellites.values():
        satellite.fetch_contact_s = 420
    rollout = {"prefetch": prefetch}
    steps: list[dict[str, Any]] = [{"wave": {"count": number}} for number in (1, 2)]
    fleet.ask("m", model_body(artifact_number=2, replicas=3, steps=steps, rollout=rollout))
    candidate = revision_of(model_spec(artifact_number=2))
    return revolutions_until(fleet, lambda: fleet.model().stable_revision == candidate)


def revolutions_until(fleet: PaperFleet, condition: Callable[[], bool]) -> int:
    """All passes of one revolution and then the dark, again and again."""
    heard_s = 4 * PASS_S
    for number in range(1, 12):
        fleet.pass_time(heard_s, step_s=60)
        fleet.pass_time(REVOLUTION_S - heard_s, step_s=REVOLUTION_S - heard_s)
        if condition():
            return number
    raise AssertionError(f"not in {number} revolutions: {fleet.model()}")


def test_over_low_orbits_a_rollout_takes_fewer_passes_with_its_files_sent_ahead() -> None:
    without, found = passes(prefetch=False), passes(prefetch=True)
    sys.stdout.write(f"revolutions without: {without}, with: {found}\n")
    assert found <= without - 2


def test_the_next_wave_has_its_files_before_its_step_and_nothing_else_of_the_candidate() -> None:
    fleet = begun(6, GATED)
    candidate = fleet.model().candidate_revision
    early = ahead(fleet)
    assert len(early) == 2
    assert early.isdisjoint(hosts(fleet, candidate))
    assert next_wave(fleet) == NextWave(satellites=2, on_board=2)
    assert "next wave: 2 of 2 have it" in fleet.model().message
    assert all(digest_of(2) in fleet.satellites[name].artifacts for name in early)
    fleet.act(RolloutVerb.RESUME)
    fleet.pass_time(20)
    assert early < hosts(fleet, candidate)
    assert early.isdisjoint(ahead(fleet))
    fleet.pass_time(100)
    assert set(serving(fleet).values()) == {candidate}
    assert ahead(fleet) == set()


def test_of_what_is_superseded_or_aborted_nothing_more_is_fetched() -> None:
    fleet = begun(6, GATED)
    assert len(ahead(fleet)) == 2
    fleet.ask("m", model_body(artifact_number=3, replicas=6, steps=GATED))
    fleet.pass_time(60)
    assert {d for name in fleet.satellites for d in told_ahead(fleet, name)} == {digest_of(3)}
    fleet.act(RolloutVerb.ABORT)
    fleet.pass_time(20)
    assert ahead(fleet) == set()
    assert set(serving(fleet).values()) == {revision(fleet, 1)}


def test_a_file_that_fails_where_it_is_only_sent_ahead_aborts_nothing_before_its_step() -> None:
    fleet = begun(6, GATED)
    (canary,) = hosts(fleet, fleet.model().candidate_revision)
    fleet.files.damaged.add(digest_of(2))
    for name in ahead(fleet):
        fleet.satellites[name].artifacts.discard(digest_of(2))
    fleet.satellites[canary].linked = False
    fleet.pass_time(30)
    assert fleet.model().aborted is None
    assert next_wave(fleet) == NextWave(satellites=2, on_board=0)


def test_while_it_is_paused_nobody_more_is_told_and_the_file_stays_where_it_is() -> None:
    fleet = begun(6, GATED)
    early = ahead(fleet)
    fleet.act(RolloutVerb.PAUSE)
    fleet.pass_time(60)
    assert ahead(fleet) == early
    fleet.restart()
    fleet.pass_time(60)
    assert ahead(fleet) == early
    fleet.satellites[min(early)].lose_power()
    fleet.pass_time(200)
    assert ahead(fleet) == early - {min(early)}


def test_a_policy_of_its_own_keeps_the_bytes_for_their_step() -> None:
    fleet = fleet_of(4)
    fleet.ask("m", model_body(replicas=4))
    fleet.pass_time(60)
    rollout = {"prefetch": False}
    fleet.ask("m", model_body(artifact_number=2, replicas=4, steps=GATED, rollout=rollout))
    fleet.pass_time(60)
    assert ahead(fleet) == set()
    assert next_wave(fleet) is None
