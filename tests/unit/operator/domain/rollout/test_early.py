from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import digest_of, model_spec
from paper_fleet.views import (
    at,
    by_node,
    model_view,
    node,
    pod,
    revision_of,
    revision_view,
    satellite,
    situation,
)
from perigee_api import names
from perigee_api.analysis import MetricStatus
from perigee_api.heartbeat import ArtifactReport, ArtifactState, AssignedArtifact
from perigee_api.inference_model import NextWave, RolloutStatus
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.container import ContainerView
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.rollout.candidacy import let_in
from perigee_operator.domain.rollout.clearance import Clearance
from perigee_operator.domain.rollout.early import NOTHING, Early, sent_ahead
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.wave import stage_of
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.workloads.quantity import thousandths

STEPS: list[dict[str, Any]] = [
    {"wave": {"count": 1}},
    {"pause": {}},
    {"weight": 10},
    {"wave": {"count": 3}},
]
OLD = model_spec(replicas=5)
REQUESTS = {"requests": {"memory": "1Gi"}}
A, B = revision_of(OLD), revision_of(model_spec(artifact_number=2, resources=REQUESTS))
EARLY = frozenset({digest_of(2)})
DARK = SatellitePhase.EXPECTED_DARK
FAILED = ArtifactReport(state=ArtifactState.FAILED, reason="DiskFull", uri="http://depot/2")
BACKING_OFF = ContainerView(
    ready=False, restarts=1, waiting="CrashLoopBackOff", waiting_message="", ended=None
)


def trying(step: int = 0, **more: Any) -> RolloutStatus:
    return RolloutStatus(candidate=B, step=step, started=at(0), step_started=at(0), **more)


def situation_of(
    fleet: Iterable[Satellite], steps: list[dict[str, Any]], *pods: Any, **more: Any
) -> Situation:
    """A model on its way from A to B."""
    rollout = {"steps": steps, **more.pop("rollout", {})}
    asked = {"replicas": 5, "rollout": rollout, "resources": REQUESTS, **more}
    spec = model_spec(artifact_number=2, **asked)
    history = (revision_view(OLD, 1, promoted=True), revision_view(spec, 2))
    return situation(model_view(spec, revisions=history, pods=pods), *fleet)


def early(found: Situation, status: RolloutStatus, *, held_back: bool = False) -> Early:
    """What is sent ahead; the wave has its own files."""
    state = RolloutState(stable=A, rollout=status)
    stage = stage_of(found.spec.rollout, status)
    wave = let_in(found, B, A, stage)
    if held_back:
        found = replace(found, clearance=Clearance("in a blackout"))
        wave = tuple(filter(found.has_begun(B), wave))
    kept: Mapping[str, tuple[AssignedArtifact, ...]] = {
        s.node.name: found.revisions[B].artifacts for s in wave
    }
    return sent_ahead(found, state, wave, kept)


def fleet_of(**changed: Any) -> list[Satellite]:
    """Five satellites; the first has begun."""
    first = satellite("a", **{"holds": [2], "assigned": [2], **changed})
    return [first, *(satellite(name) for name in "bcde")]


@pytest.mark.parametrize(
    ("step", "begun", "expected"),
    [(0, "a", "bc"), (1, "a", "bc"), (2, "a", "bc"), (3, "abc", "de"), (4, "abcde", "")],
)
def test_the_next_wave_is_told_however_many_steps_are_before_it(
    step: int, begun: str, expected: str
) -> None:
    fleet = [satellite(name, assigned=[2] if name in begun else []) for name in "abcde"]
    told = early(situation_of(fleet, STEPS), trying(step, all_passed=step == 4))
    assert set(told.files) == set(expected)
    assert {a.sha256 for files in told.files.values() for a in files} == (
        EARLY if expected else set()
    )


def test_how_many_have_it_is_told() -> None:
    fleet = [satellite("b", holds=[2], ahead=EARLY), satellite("c", ahead=EARLY)]
    fleet = [*fleet_of()[:1], *fleet, *fleet_of()[3:]]
    told = early(situation_of(fleet, STEPS), trying())
    assert told.wave == NextWave(satellites=2, on_board=1)
    assert set(told.files) == {"b", "c"}


def test_of_equals_those_stay_chosen_that_fetch_though_others_are_in_contact_by_now() -> None:
    fleet = [*fleet_of()[:3], *(satellite(n, ahead=EARLY, phase=DARK) for n in "de")]
    assert set(early(situation_of(fleet, STEPS), trying()).files) == {"d", "e"}


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (situation_of(fleet_of(), STEPS, paused=True), trying()),
        (situation_of(fleet_of(), STEPS), trying(held=True)),
        (situation_of(fleet_of(artifacts={digest_of(2): FAILED}), STEPS), trying()),
        (
            situation_of(fleet_of(), STEPS, pod("p", B, "a", containers=(BACKING_OFF,))),
            trying(),
        ),
        (
            situation_of(fleet_of(), STEPS),
            trying(
                analysis=[
                    MetricStatus(
                        step=0, name="x", definition="x", started=at(0), last_result="Fail"
                    )
                ]
            ),
        ),
        (situation_of(fleet_of(), [{"wave": {"selector": {"plane": "none"}}}]), trying()),
    ],
    ids=["paused", "held", "file fails", "crashes", "metric fails", "nobody"],
)
def test_nobody_more_is_told_while_anything_is_amiss_and_who_was_told_goes_on(
    found: Situation, status: RolloutStatus
) -> None:
    assert early(found, status) == NOTHING
    told = replace(found.satellites["c"], ahead=EARLY)
    others = [told if s.name == "c" else s for s in found.satellites.values()]
    known = by_node(*others)
    again = replace(found, satellites=known, eligible=tuple(others), directory=Directory(known))
    assert set(early(again, status).files) == {"c"}


def test_nobody_is_told_before_all_of_the_wave_under_way_are() -> None:
    found = situation_of(fleet_of(assigned=[]), STEPS)
    assert early(found, trying()) == NOTHING


def test_who_takes_a_place_in_the_wave_under_way_is_rather_one_that_fetches_already() -> None:
    fleet = [*(satellite(name) for name in "bc"), satellite("d", ahead=EARLY)]
    found = situation_of(fleet, STEPS)
    stage = stage_of(found.spec.rollout, trying())
    assert [each.name for each in let_in(found, B, A, stage)] == ["d"]
    assert early(found, trying()) == NOTHING


def test_outside_of_its_times_nobody_more_is_told() -> None:
    fleet = fleet_of()
    assert early(situation_of(fleet, STEPS), trying(), held_back=True) == NOTHING
    fleet[2] = satellite("c", ahead=EARLY)
    found = situation_of(fleet, STEPS)
    assert set(early(found, trying(), held_back=True).files) == {"c"}
    assert set(early(found, trying()).files) == {"b", "c"}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"rollout": {"prefetch": False}}, trying()),
        ({}, trying(direct=True)),
        ({"artifact": OLD.artifact.model_dump(mode="json")}, None),
    ],
)
def test_what_is_not_to_be_sent_ahead_is_not(
    more: dict[str, Any], status: RolloutStatus | None
) -> None:
    fleet = [*fleet_of()[:1], *(satellite(name, ahead=EARLY) for name in "bcde")]
    if status is not None:
        assert early(situation_of(fleet, STEPS, **more), status) == NOTHING
        return
    spec = model_spec(replicas=5, steps=STEPS[:1], runtime={"threads": 2})
    name = revision_of(spec)
    history = (revision_view(OLD, 1, promoted=True), revision_view(spec, 2))
    hosts = (pod("p", name, "a"), pod("q", A, "a"))
    found = situation(model_view(spec, revisions=history, pods=hosts), *fleet)
    state = RolloutState(stable=A, rollout=trying().model_copy(update={"candidate": name}))
    assert sent_ahead(found, state, (found.satellites["a"],), {}) == NOTHING


def test_only_in_contact_nobody_is_told_in_the_dark() -> None:
    fleet = [*fleet_of()[:2], *(satellite(name, phase=DARK) for name in "cde")]
    found = situation_of(fleet, STEPS)
    cautious = replace(found, clearance=Clearance(only_in_contact=True))
    assert set(early(found, trying()).files) == {"b", "c"}
    assert set(early(cautious, trying()).files) == {"b"}


WAVES = st.sampled_from(
    [
        {"wave": {"count": 1}},
        {"wave": {"count": 4, "order": "Plane"}},
        {"wave": {"percent": 40}},
        {"wave": {"percent": 70, "first": {"kind": "canary"}}},
        {"wave": {"selector": {names.PLANE_LABEL: "a"}}},
        {"wave": {"selector": {"kind": "canary"}}},
        {"weight": 50},
        {"pause": {}},
    ]
)
FLEETS = st.lists(
    st.fixed_dictionaries(
        {
            "plane": st.sampled_from("ab"),
            "kind": st.sampled_from(["canary", "other"]),
            "hosts": st.booleans(),
            "phase": st.sampled_from([SatellitePhase.IN_CONTACT, DARK]),
            "full": st.integers(0, 9).map(lambda number: number == 0),
        }
    ),
    min_size=1,
    max_size=7,
)


def _walked(
    traits: list[dict[str, Any]], steps: list[dict[str, Any]], copies: int, *, prefetch: bool
) -> list[set[str]]:
    """The waves of all stages; each has been told before the next comes."""
    fleet, pods = [], []
    for number, each in enumerate(traits):
        name = f"s{number}"
        room = {"memory": thousandths("0" if each["full"] else "4Gi")}
        labels = {names.PLANE_LABEL: each["plane"], "kind": each["kind"]}
        fleet.append(
            satellite(name, node=node(name, labels=labels, allocatable=room), phase=each["phase"])
        )
        if each["hosts"]:
            pods.append(pod(f"p{number}", A, name))
    waves = []
    told = dict[str, set[str]]()
    for index in range(len(steps) + 1):
        status = trying(index, all_passed=index >= len(steps))
        seen = [_seen(each, told) for each in fleet]
        more: dict[str, Any] = {"rollout": {"prefetch": prefetch}}
        found = situation_of(seen, steps, *pods, replicas=copies, **more)
        state = RolloutState(stable=A, rollout=status)
        stage = stage_of(found.spec.rollout, status)
        wave = let_in(found, B, A, stage)
        waves.append({each.name for each in wave})
        told = {"begun": {each.name for each in found.with_room(B, wave)}}
        seen = [_seen(each, told) for each in fleet]
        found = situation_of(seen, steps, *pods, replicas=copies, **more)
        files = sent_ahead(found, state, wave, {})
        following = [{s.name for s in let_in(found, B, A, each)} for each in stage.wider]
        wider = next((each for each in following if len(each) > len(wave)), waves[-1])
        assert set(files.files) <= wider - waves[-1]
        told["ahead"] = set(files.files)
    return waves


def _seen(each: Satellite, told: Mapping[str, set[str]]) -> Satellite:
    begun = each.name in told.get("begun", ())
    ahead = each.name in told.get("ahead", ()) and not begun
    return replace(
        each, assigned=EARLY if begun else frozenset(), ahead=EARLY if ahead else frozenset()
    )


@given(FLEETS, st.lists(WAVES, min_size=1, max_size=3), st.integers(1, 7))
def test_the_same_satellites_are_in_each_wave_with_files_sent_ahead_and_without(
    traits: list[dict[str, Any]], steps: list[dict[str, Any]], copies: int
) -> None:
    copies = min(copies, len(traits))
    without = _walked(traits, steps, copies, prefetch=False)
    assert _walked(traits, steps, copies, prefetch=True) == without
