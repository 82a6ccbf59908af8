"""Rollouts in windows and blackouts, on a fleet on paper, with the promises watched throughout."""

from datetime import timedelta
from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import START, contact, digest_of, model_body
from paper_fleet.scenes import revision, serving, watched
from perigee_api import names
from perigee_api.inference_model import ModelPhase
from perigee_api.rollout_action import ActionState, RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

HALF: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"weight": 50}, {"pause": {"duration": 30}}]
ALWAYS_IN_CONTACT = [contact(-100, 1_000_000)]


def span(begins_s: float, ends_s: float) -> dict[str, Any]:
    """A window or a blackout, in seconds after `START`."""
    return contact(begins_s, ends_s)


def body(number: int = 1, *, replicas: int | None = 2, **rollout: Any) -> dict[str, Any]:
    return model_body(artifact_number=number, replicas=replicas, rollout=rollout)


def elapsed(fleet: PaperFleet) -> float:
    return (fleet.now - START).total_seconds()


def until(fleet: PaperFleet, moment_s: float) -> None:
    """Lets time pass up to so many seconds after `START`."""
    fleet.pass_time(moment_s - elapsed(fleet))


def in_window(fleet: PaperFleet) -> tuple[str, str] | None:
    found = {c.type: (c.status, c.reason) for c in fleet.model().conditions}
    return found.get("InWindow")


def hosts(fleet: PaperFleet, number: int) -> set[str]:
    """Satellites on which something of a revision is, or may come."""
    label = names.node_revision_label("default", "m", revision(fleet, number))
    nodes = fleet.api.items(kinds.NODE)
    return {n["metadata"]["name"] for n in nodes if label in n["metadata"]["labels"]}


def told_to_fetch(fleet: PaperFleet, number: int) -> set[str]:
    """Satellites that are to have an artifact on board."""
    return {
        lease["metadata"]["name"]
        for lease in fleet.api.items(kinds.LEASE)
        if digest_of(number)
        in lease["metadata"].get("annotations", {}).get(names.ASSIGNMENT_ANNOTATION, "")
    }


def on_candidate(fleet: PaperFleet, number: int) -> set[str]:
    """Satellites on which a revision serves."""
    wanted = revision(fleet, number)
    return {name for name, found in serving(fleet).items() if found == wanted}


def test_nothing_of_a_new_revision_is_started_before_its_window() -> None:
    fleet = watched(3)
    fleet.ask("m", body())
    until(fleet, 60)
    before = serving(fleet)
    fleet.ask("m", body(2, windows=[span(300, 900)]))
    until(fleet, 295)
    status = fleet.model()
    assert serving(fleet) == before
    assert told_to_fetch(fleet, 2) == set()
    assert (status.phase, status.rollout) == (ModelPhase.WAITING, None)
    assert status.message.endswith(
        "waits: outside its windows; the next opens 2026-03-01 12:05 UTC."
    )
    assert in_window(fleet) == ("False", "OutsideWindows")
    until(fleet, 400)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert in_window(fleet) == ("True", "Open")
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_the_first_revision_waits_for_its_window_too() -> None:
    fleet = watched(2)
    fleet.ask("m", body(notBefore=(START + timedelta(seconds=120)).isoformat()))
    until(fleet, 115)
    assert fleet.pods() == []
    assert fleet.model().message.endswith("waits: not yet; it may begin 2026-03-01 12:02 UTC.")
    until(fleet, 180)
    assert fleet.model().phase is ModelPhase.HEALTHY


def test_windows_by_cron_open_every_day_by_the_clock_of_their_zone() -> None:
    fleet = watched(3, contacts=ALWAYS_IN_CONTACT)
    fleet.ask("m", body())
    until(fleet, 60)
    # In New York it is 07:00 when the fleet begins.
    window = {"schedule": "10 7 * * *", "duration": 60, "timeZone": "America/New_York"}
    fleet.ask("m", body(2, windows=[window]))
    until(fleet, 595)
    assert fleet.model().rollout is None
    until(fleet, 605)
    assert fleet.model().candidate_revision == revision(fleet, 2)


def test_at_the_end_of_a_window_a_rollout_holds_where_it_is_and_goes_on_in_the_next() -> None:
    fleet = watched(4)
    fleet.ask("m", body(replicas=2))
    until(fleet, 60)
    # Seen to the end this takes some 90 s: it is cut short in the pause.
    windows = [span(100, 150), span(3000, 3600)]
    fleet.ask("m", body(2, steps=HALF, windows=windows))
    until(fleet, 150)
    before, on = serving(fleet), hosts(fleet, 2)
    assert len(on_candidate(fleet, 2)) == 1
    step = fleet.model().rollout
    assert step is not None
    # Far longer than the pause, and than the deadline of 600 s.
    until(fleet, 2995)
    status = fleet.model()
    assert serving(fleet) == before
    assert hosts(fleet, 2) == on
    assert status.rollout is not None
    assert (status.rollout.step, status.rollout.withheld_since) == (
        step.step,
        START + timedelta(seconds=150),
    )
    assert not status.rollout.reverted
    assert status.phase is ModelPhase.WAITING
    assert status.message == (
        f"Revision {revision(fleet, 2)} is held, step {step.step + 1}: outside its windows; "
        "the next opens 2026-03-01 12:50 UTC."
    )
    until(fleet, 3100)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}
    assert fleet.model().aborted is None


@pytest.mark.parametrize("replicas", [2, None])
def test_at_the_end_of_a_window_the_stable_revision_comes_back_and_the_step_begins_anew(
    replicas: int | None,
) -> None:
    fleet = watched(4)
    fleet.ask("m", body(replicas=replicas))
    until(fleet, 60)
    windows = [span(100, 150), span(3000, 3600)]
    more = {"steps": HALF, "windows": windows, "atWindowEnd": "revert"}
    fleet.ask("m", body(2, replicas=replicas, **more))
    until(fleet, 145)
    assert on_candidate(fleet, 2)
    on = hosts(fleet, 2)
    until(fleet, 150)
    assert on_candidate(fleet, 2) == set()
    assert len(on_candidate(fleet, 1)) == (replicas or 4)
    until(fleet, 2995)
    status = fleet.model()
    assert on_candidate(fleet, 2) == set()
    # What is on board stays there, ready to serve at once.
    assert hosts(fleet, 2) == on
    assert (status.weight, status.phase) == (0, ModelPhase.WAITING)
    assert status.rollout is not None
    assert status.rollout.reverted
    assert status.aborted is None
    assert status.message.endswith(
        f"Revision {revision(fleet, 1)} serves meanwhile wherever it can be reached."
    )
    until(fleet, 3005)
    assert on_candidate(fleet, 2)
    begun = fleet.model().rollout
    assert begun is not None
    assert not begun.reverted
    assert begun.step_started >= START + timedelta(seconds=3000)
    until(fleet, 3100)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_a_satellite_out_of_reach_is_put_back_when_it_rises() -> None:
    fleet = watched(0)
    fleet.add_satellite("far", contacts=[contact(0, 200), contact(600, 700), contact(1500, 1900)])
    fleet.add_satellite("near", contacts=ALWAYS_IN_CONTACT)
    until(fleet, 10)
    fleet.ask("m", body(replicas=None))
    until(fleet, 60)
    steps = [{"wave": {"percent": 100}}, {"weight": 100}, {"pause": {"duration": 86_400}}]
    more = {"steps": steps, "windows": [span(0, 300)], "atWindowEnd": "revert"}
    fleet.ask("m", body(2, replicas=None, **more))
    until(fleet, 195)
    assert on_candidate(fleet, 2) == {"near", "far"}
    until(fleet, 400)
    assert on_candidate(fleet, 2) == {"far"}
    assert on_candidate(fleet, 1) == {"near"}
    until(fleet, 650)
    assert on_candidate(fleet, 1) == {"near", "far"}
    # Nor does it come back when it is dark again.
    until(fleet, 1000)
    assert on_candidate(fleet, 1) == {"near", "far"}


def test_the_last_good_copy_is_not_put_back_for_one_that_cannot_serve() -> None:
    fleet = watched(2, contacts=ALWAYS_IN_CONTACT)
    fleet.ask("m", body(replicas=1))
    until(fleet, 60)
    steps = [{"wave": {"count": 1}}, {"weight": 100}, {"pause": {"duration": 86_400}}]
    more = {"steps": steps, "windows": [span(0, 300)], "atWindowEnd": "revert"}
    fleet.ask("m", body(2, replicas=1, **more))
    until(fleet, 280)
    assert on_candidate(fleet, 2)
    (stable,) = (
        p
        for p in fleet.pods()
        if p["metadata"]["labels"][names.REVISION_LABEL] == revision(fleet, 1)
    )
    for satellite in fleet.satellites.values():
        satellite.broken.add(stable["metadata"]["uid"])
    until(fleet, 400)
    assert on_candidate(fleet, 2)
    for satellite in fleet.satellites.values():
        satellite.broken.clear()
    until(fleet, 500)
    assert on_candidate(fleet, 1)
    assert on_candidate(fleet, 2) == set()


def test_delivery_that_has_begun_goes_on_outside_and_no_other_satellite_begins() -> None:
    fleet = watched(3, contacts=ALWAYS_IN_CONTACT)
    fleet.ask("m", body(replicas=3))
    until(fleet, 60)
    for satellite in fleet.satellites.values():
        satellite.linked = False
    steps = [{"wave": {"count": 1}}, {"wave": {"count": 2}}]
    windows = [span(0, 70), span(900, 2000)]
    fleet.ask("m", body(2, replicas=3, steps=steps, windows=windows, prefetch=False))
    until(fleet, 70)
    begun = told_to_fetch(fleet, 2)
    assert len(begun) == 1
    for satellite in fleet.satellites.values():
        satellite.linked = True
    until(fleet, 895)
    assert hosts(fleet, 2) == begun == told_to_fetch(fleet, 2)
    assert fleet.model().aborted is None
    until(fleet, 1000)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_evidence_aborts_at_any_time() -> None:
    fleet = watched(3)
    fleet.ask("m", body())
    until(fleet, 60)
    fleet.files.failing.add(digest_of(2))
    fleet.ask("m", body(2, steps=HALF, windows=[span(0, 70)]))
    until(fleet, 200)
    aborted = fleet.model().aborted
    assert aborted is not None
    assert aborted.reason == "GoldenSetFailed"


def test_the_way_back_is_open_at_any_time() -> None:
    fleet = watched(3)
    fleet.ask("m", body(1))
    until(fleet, 60)
    fleet.ask("m", body(2))
    until(fleet, 160)
    fleet.ask("m", body(1, windows=[span(5000, 6000)], onlyInContact=True))
    until(fleet, 260)
    assert set(serving(fleet).values()) == {revision(fleet, 1)}
    assert fleet.model().phase is ModelPhase.HEALTHY
    assert in_window(fleet) == ("False", "OutsideWindows")


def test_a_person_goes_back_at_any_time_and_forward_in_a_window() -> None:
    fleet = watched(3)
    fleet.ask("m", body(1))
    until(fleet, 60)
    fleet.ask("m", body(2))
    until(fleet, 160)
    fleet.ask("m", body(2, steps=HALF, blackouts=[span(0, 1000)]))
    back = fleet.act(RolloutVerb.ROLL_BACK)
    until(fleet, 260)
    assert fleet.answer(back).state is ActionState.DONE
    assert set(serving(fleet).values()) == {revision(fleet, 1)}
    fleet.ask("m", body(3, steps=HALF, blackouts=[span(300, 1000)]))
    until(fleet, 300)
    forward = fleet.act(RolloutVerb.PROMOTE)
    until(fleet, 995)
    assert fleet.answer(forward).state is ActionState.DONE
    status = fleet.model()
    assert status.rollout is not None
    assert status.rollout.all_passed
    assert len(hosts(fleet, 3)) == 1
    assert "is held, on the way to its full number: in a blackout; " in status.message
    until(fleet, 1060)
    assert set(serving(fleet).values()) == {revision(fleet, 3)}


def test_a_blackout_of_the_policy_freezes_its_models_and_is_lifted() -> None:
    fleet = watched(3)
    fleet.set_policy("careful", {"steps": HALF})
    fleet.ask("m", body(policy="careful"))
    until(fleet, 60)
    fleet.set_policy("careful", {"steps": HALF, "blackouts": [span(0, 100_000)]})
    fleet.ask("m", body(2, policy="careful", blackouts=[span(300_000, 400_000)]))
    until(fleet, 200)
    assert fleet.model().rollout is None
    assert in_window(fleet) == ("False", "Blackout")
    fleet.set_policy("careful", {"steps": HALF})
    until(fleet, 400)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_only_satellites_in_contact_are_started_on_and_the_step_waits_for_the_others() -> None:
    fleet = watched(0)
    fleet.add_satellite("far", contacts=[contact(0, 200), contact(600, 10_000)])
    fleet.add_satellite("near", contacts=ALWAYS_IN_CONTACT)
    until(fleet, 10)
    fleet.ask("m", body(replicas=None))
    until(fleet, 60)
    assert len(serving(fleet)) == 2
    until(fleet, 300)
    more = {"steps": [{"wave": {"percent": 100}}], "maxUnreachable": "0%"}
    fleet.ask("m", body(2, replicas=None, onlyInContact=True, **more))
    until(fleet, 595)
    assert told_to_fetch(fleet, 2) == {"near"}
    status = fleet.model()
    assert status.phase is ModelPhase.WAITING
    assert "verified on 1 of 2 satellites; far is ExpectedDark" in status.message
    until(fleet, 700)
    assert set(serving(fleet).values()) == {revision(fleet, 2)}


def test_times_that_make_no_sense_stop_rollouts_and_nothing_else() -> None:
    fleet = watched(4, lost_after_s=30)
    fleet.ask("m", body())
    until(fleet, 60)
    nowhere = {"schedule": "0 2 * * *", "duration": 60, "timeZone": "Mars/Olympus"}
    fleet.ask("m", body(2, windows=[nowhere]))
    until(fleet, 120)
    status = fleet.model()
    valid = next(c for c in status.conditions if c.type == "SpecValid")
    assert valid.status == "False"
    assert status.phase is ModelPhase.DEGRADED
    assert status.message.startswith("spec is not valid: rollout.windows[0].timeZone: there is no")
    assert set(serving(fleet).values()) == {revision(fleet, 1)}
    # Failover goes on.
    lost = min(serving(fleet))
    fleet.satellites[lost].lose_power()
    until(fleet, 400)
    assert len(serving(fleet).keys() - {lost}) == 2
    fleet.ask("m", body(2))
    until(fleet, 500)
    assert on_candidate(fleet, 2)


def test_the_planner_looks_again_when_a_window_opens_and_writes_nothing_until_then() -> None:
    fleet = watched(3, contacts=ALWAYS_IN_CONTACT)
    fleet.ask("m", body(windows=[span(0, 100), span(1000, 1100)]))
    until(fleet, 200)
    assert in_window(fleet) == ("False", "OutsideWindows")
    written: list[str] = []
    fleet.observers.append(written.append)
    until(fleet, 995)
    assert not [what for what in written if "InferenceModel" in what]
    until(fleet, 1000)
    assert in_window(fleet) == ("True", "Open")
    key = ObjectKey(kinds.INFERENCE_MODEL, "m", "default")
    item = fleet.api.get(key)
    assert item is not None
    assert len([what for what in written if "InferenceModel" in what]) == 1
