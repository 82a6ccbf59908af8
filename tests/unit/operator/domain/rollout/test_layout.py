from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.intents import digest_of, model_spec
from paper_fleet.views import (
    at,
    model_view,
    node,
    pod,
    revision_of,
    revision_view,
    satellite,
    situation,
)
from perigee_api import names
from perigee_api.inference_model import (
    AbortedRollout,
    InferenceModelSpec,
    RolloutStatus,
    Swap,
)
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import ModelView, ObjectView, PodView
from perigee_operator.domain.kinds import REPLICA_SET
from perigee_operator.domain.rollout.clearance import Clearance
from perigee_operator.domain.rollout.layout import RevisionLayout, layout, strangers
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.workloads.quantity import thousandths
from perigee_operator.domain.writes import ObjectKey

OLD_WITH_MORE_THREADS = model_spec(replicas=2, runtime={"threads": 4})
OLD, NEW = model_spec(replicas=2), model_spec(artifact_number=2, replicas=2)
A, B = revision_of(OLD), revision_of(NEW)
EARLY = frozenset({digest_of(2)})
LOST, DARK = SatellitePhase.LOST, SatellitePhase.EXPECTED_DARK

TRYING = RolloutStatus(candidate=B, started=at(0), step_started=at(0))
GIVEN_UP = AbortedRollout(revision=B, reason="X", message="x", time=at(0))


def held(name: str, *numbers: int, **more: Any) -> Satellite:
    return satellite(name, holds=numbers, assigned=numbers, **more)


def replica_set_of(revision: str, replicas: int) -> dict[str, ObjectView]:
    key = ObjectKey(REPLICA_SET, f"m-{revision}", "default")
    return {revision: ObjectView(key, "u", {"spec": {"replicas": replicas}})}


def situation_of(
    *things: PodView | Satellite, spec: InferenceModelSpec = OLD, **more: Any
) -> Situation:
    """A model with both revisions in its history, some Pods, and some satellites."""
    history = (revision_view(OLD, 1, promoted=True), revision_view(NEW, 2))
    pods = tuple(thing for thing in things if isinstance(thing, PodView))
    model: ModelView = model_view(spec, revisions=history, pods=pods, **more)
    return situation(model, *(thing for thing in things if isinstance(thing, Satellite)))


def told(place: RevisionLayout) -> tuple[str, str, int]:
    """Chosen satellites, Nodes with the label, copies."""
    chosen = "".join(sorted(s.name for s in place.satellites))
    return chosen, "".join(sorted(place.nodes)), place.copies


def test_the_stable_revision_has_its_copies_and_a_standby() -> None:
    found = situation_of(held("s", 1), held("t", 1), held("u"), held("v"), pod("p", A, "t"))
    assert told(layout(found, RolloutState(stable=A), ())[A]) == ("stu", "st", 2)


def test_only_who_has_room_or_a_pod_is_chosen() -> None:
    spec = model_spec(replicas=2, resources={"requests": {"memory": "2Gi"}})
    name = revision_of(spec)
    tight = {"allocatable": {"memory": thousandths("2Gi")}, "labels": {}}
    found = situation_of(
        held("s", 1, node=node("s", **tight), claimed={"memory": thousandths("1Gi")}),
        held("t", 1, node=node("t", **tight), claimed={"memory": thousandths("2Gi")}),
        held("u", node=node("u", **tight)),
        held("v"),
        pod("p", name, "t"),
        spec=spec,
    )
    assert told(layout(found, RolloutState(stable=name), ())[name]) == ("tuv", "t", 2)
    # A wave that no better satellites could fill sends nothing to those without room, either.
    wave = tuple(found.satellites[each] for each in "su")
    candidate = RolloutState(A, rollout=TRYING.model_copy(update={"candidate": name}))
    assert told(layout(found, candidate, wave)[name]) == ("u", "t", 0)


@pytest.mark.parametrize(("policy", "copies"), [("Reschedule", 3), ("None", 2)])
def test_lost_copies_are_replaced_if_the_model_says_so(policy: str, copies: int) -> None:
    spec = model_spec(replicas=2, failover={"policy": policy})
    found = situation_of(
        held("s", 1, phase=LOST),
        held("t", 1),
        held("u", 1),
        pod("p", A, "s"),
        pod("q", A, "t"),
        spec=spec,
    )
    assert told(layout(found, RolloutState(stable=A), ())[A]) == ("tu", "stu", copies)


def test_a_candidate_comes_to_its_wave_once_its_artifact_is_on_board() -> None:
    wave = (held("s", 1, 2), held("t", 1))
    found = situation_of(*wave, held("u", 1), spec=NEW)
    state = RolloutState(stable=A, rollout=TRYING)
    assert told(layout(found, state, wave)[B]) == ("st", "s", 1)


def test_a_report_that_fails_to_come_takes_no_pod_away() -> None:
    wave = (held("s"), held("t", 2))
    found = situation_of(*wave, pod("p", B, "s", active=True), spec=NEW)
    state = RolloutState(stable=A, rollout=TRYING)
    assert told(layout(found, state, wave)[B]) == ("st", "st", 2)


@pytest.mark.parametrize(
    ("active", "state", "copies"),
    [
        (True, RolloutState(stable=A, previous=B), 2),
        (False, RolloutState(stable=A, previous=B), 0),
        (False, RolloutState(stable=A, aborted=GIVEN_UP), 0),
        (False, RolloutState(aborted=GIVEN_UP), 1),
    ],
)
def test_what_is_not_in_use_ends_when_it_serves_no_more(
    *, active: bool, state: RolloutState, copies: int
) -> None:
    found = situation_of(
        held("s", 1),
        held("t", 1),
        pod("p", A, "s"),
        pod("q", A, "t"),
        pod("r", B, "s", active=active),
        pod("x", B, "t", verified=False),
        workloads=replica_set_of(B, 2),
    )
    assert layout(found, state, ())[B].copies == copies


def test_what_served_before_stays_until_the_stable_revision_suffices() -> None:
    found = situation_of(
        held("s", 1),
        held("t", 1),
        pod("p", A, "s"),
        pod("r", B, "t"),
        workloads=replica_set_of(B, 2),
    )
    assert layout(found, RolloutState(stable=A, previous=B), ())[B].copies == 2


def test_what_was_given_up_keeps_what_is_verified_while_nothing_else_is() -> None:
    found = situation_of(
        held("s", 1),
        held("t", 1),
        pod("p", A, "s", verified=False),
        pod("r", B, "t"),
        pod("x", B, "s", verified=False),
        workloads=replica_set_of(B, 2),
    )
    assert layout(found, RolloutState(stable=A, aborted=GIVEN_UP), ())[B].copies == 1


def test_while_nothing_is_stable_copies_on_lost_satellites_cost_none_that_serve() -> None:
    found = situation_of(
        held("s", 1),
        held("t", 1, phase=LOST),
        pod("p", A, "s"),
        pod("q", A, "t", verified=False),
        pod("r", A, "s", verified=False),
        workloads=replica_set_of(A, 3),
    )
    state = RolloutState(rollout=TRYING)
    assert layout(found, state, ())[A].copies == 2


def test_a_label_that_is_gone_does_not_come_back_for_clients_on_board() -> None:
    """An operator that has just begun does not know since when a satellite is heard."""
    label = {f"default.models.perigee.space/m-{B}": "true"}
    pods = pod("p", A, "s"), pod("q", A, "t"), pod("x", B, "s"), pod("y", B, "t")
    satellites = held("s", 1, routed=False, labels=label), held("t", 1, routed=False)
    found = situation_of(*satellites, *pods, spec=EVERY_OLD)
    assert told(layout(found, RolloutState(stable=A, previous=B), ())[B])[1] == "s"


EVERY_OLD = model_spec(replicas=None)


@pytest.mark.parametrize(
    ("things", "state", "nodes"),
    [
        # Everywhere the artifact is on board.
        ([held("s", 1), held("t", 1), held("u")], RolloutState(stable=A), {A: "st"}),
        # What is lost keeps its label, and with it its Pod.
        (
            [held("s", 1, phase=LOST), held("t", 1), pod("p", A, "s")],
            RolloutState(stable=A),
            {A: "st"},
        ),
        # The one before goes where the stable revision is verified.
        (
            [held("s", 1), held("t", 1), pod("p", A, "s"), pod("q", B, "s"), pod("r", B, "t")],
            RolloutState(stable=A, previous=B),
            {A: "st", B: "t"},
        ),
        # It does not go before its Pod is out of service.
        (
            [held("s", 1), pod("p", A, "s"), pod("q", B, "s", active=True)],
            RolloutState(stable=A, previous=B),
            {A: "s", B: "s"},
        ),
        # What gave way before it served stays only where it can serve.
        (
            [held("s", 1), held("t", 1), pod("p", B, "s"), pod("q", B, "t", verified=False)],
            RolloutState(),
            {B: "s"},
        ),
        # What was given up goes at once, unless nothing else serves.
        (
            [held("s", 1), held("t", 1), pod("p", A, "s"), pod("q", B, "t")],
            RolloutState(stable=A, aborted=GIVEN_UP),
            {A: "st", B: ""},
        ),
        (
            [held("s", 1), pod("p", A, "s", verified=False), pod("q", B, "s")],
            RolloutState(stable=A, aborted=GIVEN_UP),
            {A: "s", B: "s"},
        ),
    ],
)
def test_which_nodes_every_satellite_means(
    things: list[Any], state: RolloutState, nodes: dict[str, str]
) -> None:
    found = layout(situation_of(*things, spec=EVERY_OLD), state, ())
    assert {name: told(found[name])[1] for name in nodes} == nodes


def test_how_near_satellites_are_to_a_candidate() -> None:
    found = situation_of(
        held("s", 2),
        held("t", 1),
        held("u"),
        held("v"),
        held("w", ahead=EARLY),
        held("x", 1, ahead=EARLY),
        pod("p", B, "u"),
        pod("q", A, "t"),
        pod("r", A, "x"),
        spec=NEW,
    )
    rank = found.nearness(B, A)
    ranks = {name: rank(satellite) for name, satellite in found.satellites.items()}
    assert ranks == {"s": 2, "t": 4, "u": 0, "v": 6, "w": 5, "x": 3}
    begun = found.has_begun(B)
    assert {name for name, each in found.satellites.items() if begun(each)} == {"s", "u"}


def test_an_artifact_that_another_revision_has_tells_nothing_of_a_candidate() -> None:
    found = situation_of(held("s", 1), held("t", 1), pod("q", A, "t"), spec=OLD_WITH_MORE_THREADS)
    (candidate,) = found.revisions.keys() - {A, B}
    rank = found.nearness(candidate, A)
    assert {name: rank(found.satellites[name]) for name in "st"} == {"s": 6, "t": 4}


@pytest.mark.parametrize(
    ("verified", "copies", "expected"),
    [("st", 2, True), ("s", 2, False), ("st", 9, True), ("s", 1, True), ("", 0, True)],
)
def test_when_a_revision_suffices(*, verified: str, copies: int, expected: bool) -> None:
    pods = [pod(f"p-{name}", A, name) for name in verified]
    found = situation_of(held("s", 1), held("t", 1), *pods, spec=model_spec(replicas=copies))
    assert found.suffices(A) is expected
    assert not found.suffices(None)


def test_a_pod_that_is_about_to_end_suffices_for_nothing() -> None:
    pods = pod("p", A, "s"), pod("q", A, "t")
    satellites = held("s", 1), held("t", 1)
    assert situation_of(*satellites, *pods, workloads=replica_set_of(A, 2)).suffices(A)
    assert not situation_of(*satellites, *pods, workloads=replica_set_of(A, 0)).suffices(A)


def test_a_revision_of_which_nothing_is_kept_is_a_stranger_until_another_suffices() -> None:
    unknown = pod("x", "00000000", "s")
    assert strangers(situation_of(held("s"), unknown), RolloutState()) == {"00000000"}
    serve = [pod("p", A, "s"), pod("q", A, "t")]
    found = situation_of(held("s", 1), held("t", 1), unknown, *serve)
    assert strangers(found, RolloutState(stable=A)) == frozenset()


def test_a_node_that_refuses_pods_has_no_label_for_a_while() -> None:
    refused = pod("p", A, "s", refused=True, deleting=True, verified=False)
    just_sent = pod("q", A, "s", verified=False)
    satellites = held("s", 1, labels={f"default.models.perigee.space/m-{A}": "true"}), held("t", 1)
    found = situation_of(*satellites, refused, just_sent)
    assert told(layout(found, RolloutState(stable=A), ())[A]) == ("st", "t", 2)
    running = pod("r", A, "s")
    found = situation_of(*satellites, refused, running)
    assert told(layout(found, RolloutState(stable=A), ())[A]) == ("st", "st", 2)


def test_a_swap_goes_from_one_revision_to_the_other_step_by_step() -> None:
    """On s, while t keeps the stable revision: chosen satellites, Nodes with the label, copies."""
    spec = model_spec(replicas=2, artifact_number=2, rollout={"strategy": "Replace"})
    state = RolloutState(stable=A, rollout=TRYING)
    swap = (Swap(satellite="s", revision=B, began=at(0)),)

    def places(*pods: PodView, swaps: tuple[Swap, ...] = swap) -> list[tuple[str, str, int]]:
        here = (held("s", 1, 2), held("t", 1, 2))
        found = replace(situation_of(*here, *pods, spec=spec), swaps=swaps)
        wave = (found.satellites["s"],)
        places = layout(found, state, wave)
        return [told(places[A]), told(places[B])]

    stays = pod("t", A, "t", active=True)
    # Nothing comes before the other has gone.
    assert places(pod("s", A, "s", active=True), stays, swaps=()) == [("st", "st", 2), ("s", "", 0)]
    # Withdrawn, and still asked, it stays; asked no more, it ends, and none comes for it.
    assert places(pod("s", A, "s", active=True), stays) == [("st", "st", 2), ("s", "", 0)]
    assert places(pod("s", A, "s"), stays) == [("st", "t", 1), ("s", "", 0)]
    assert places(pod("s", A, "s", deleting=True), stays) == [("st", "t", 1), ("s", "", 0)]
    assert places(stays) == [("st", "t", 1), ("s", "s", 1)]
    assert places(pod("b", B, "s"), stays) == [("st", "t", 1), ("s", "s", 1)]


def test_what_has_given_way_ends_though_not_all_copies_are_there() -> None:
    """Three are wanted and two are had: the third finds no satellite."""
    spec = model_spec(replicas=3, artifact_number=2, rollout={"strategy": "Replace"})
    state = RolloutState(stable=A, rollout=TRYING)
    here = (held("s", 1, 2), held("t", 1, 2))
    stays = pod("t", A, "t", active=True)

    def copies(*pods: PodView) -> int:
        found = situation_of(*here, stays, *pods, spec=spec)
        found = replace(found, swaps=(Swap(satellite="s", revision=B, began=at(0)),))
        return layout(found, state, here[:1])[A].copies

    assert copies(pod("s", A, "s")) == 1
    assert copies(pod("s", A, "s"), pod("nowhere", A, None, verified=False)) == 2
    assert copies(pod("s", A, "s", deleting=True)) == 2


def test_what_gives_way_stays_while_clients_may_be_led_to_it() -> None:
    spec = model_spec(replicas=None, artifact_number=2, rollout={"strategy": "Replace"})
    state = RolloutState(stable=A, rollout=TRYING)
    label = names.node_revision_label("default", "m", A)
    for routed, nodes in ((False, "s"), (True, "")):
        here = held("s", 1, 2, routed=routed, labels={label: "true"})
        found = replace(
            situation_of(here, pod("s", A, "s"), spec=spec),
            swaps=(Swap(satellite="s", revision=B, began=at(0)),),
        )
        places = layout(found, state, (here,))
        assert told(places[A])[1] == nodes
        assert told(places[B])[1] == ""


def test_the_stable_revision_keeps_a_copy_while_nothing_else_serves() -> None:
    """Fewer copies are wanted than have been swapped; the one swapped in does not serve."""
    spec = model_spec(replicas=1, artifact_number=2, rollout={"strategy": "Replace"})
    state = RolloutState(stable=A, rollout=TRYING)
    here = (held("s", 1, 2), held("t", 1, 2))
    swaps = (Swap(satellite="s", revision=B, began=at(0)),)
    for serves, copies in ((False, 1), (True, 0)):
        pods = (pod("t", A, "t", active=True), pod("b", B, "s", verified=serves, active=serves))
        found = replace(situation_of(*here, *pods, spec=spec), swaps=swaps)
        assert told(layout(found, state, here[:1])[A])[2] == copies


@pytest.mark.parametrize(("reverts", "copies"), [(False, 0), (True, 1)])
def test_a_candidate_that_is_put_back_is_nothing_else_that_serves(
    *, reverts: bool, copies: int
) -> None:
    """Outside of its window the stable revision serves in its place, and so has to stay."""
    spec = model_spec(replicas=1, artifact_number=2, rollout={"strategy": "Replace"})
    state = RolloutState(stable=A, rollout=TRYING)
    here = (held("s", 1, 2), held("t", 1, 2))
    pods = (pod("t", A, "t", active=True), pod("b", B, "s", active=True))
    found = replace(
        situation_of(*here, *pods, spec=spec),
        swaps=(Swap(satellite="s", revision=B, began=at(0), ended=at(1)),),
        clearance=Clearance(hold="outside its windows", reverts=reverts),
    )
    assert told(layout(found, state, here[:1])[A])[2] == copies


def test_what_gives_way_now_is_nothing_else_that_serves() -> None:
    """Two other revisions give way at once, one of them to the stable revision."""
    third = revision_of(model_spec(artifact_number=3, replicas=2))
    spec = model_spec(replicas=2, artifact_number=2, rollout={"strategy": "Replace"})
    state = RolloutState(stable=A, rollout=TRYING)
    here = tuple(held(name, 1, 2) for name in "stu")
    pods = (
        pod("s", third, "s", active=True),
        pod("t", A, "t", active=True),
        pod("u", B, "u", active=True),
    )
    swaps = (
        Swap(satellite="s", revision=B, began=at(0), served=True),
        Swap(satellite="u", revision=A, began=at(0), served=True),
    )
    found = replace(situation_of(*here, *pods, spec=spec), swaps=swaps)
    assert told(layout(found, state, here[:1])[A])[2] == 1
