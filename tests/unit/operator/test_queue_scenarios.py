"""A limit on rollouts under way, on a fleet on paper, with the promises watched throughout."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import contact, digest_of, model_body
from paper_fleet.promises import Promises
from paper_fleet.scenes import revision
from perigee_api.inference_model import ModelPhase, WaitingRevision, WaitReason
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.rollout.places import takes_place

STEPS: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"pause": {"duration": 20}}]
FOR_A_PERSON: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"pause": {}}]


def limited(limit: int, satellites: int = 3) -> PaperFleet:
    fleet = PaperFleet(Settings(serve_image="edge", rollouts_at_once=limit))
    for number in range(satellites):
        fleet.add_satellite(f"sat-{number + 1}")
    fleet.pass_time(10)
    fleet.observers.append(Promises(fleet).look)
    return fleet


def body(number: int, **more: Any) -> dict[str, Any]:
    return model_body(**{"artifact_number": number, "replicas": 1, "steps": STEPS, **more})


def begun(fleet: PaperFleet) -> set[str]:
    return {model.name for model in fleet.snapshot().models if model.status.rollout is not None}


def wait_of(fleet: PaperFleet, name: str) -> WaitingRevision:
    found = fleet.model(name).waiting
    assert found is not None
    return found


@pytest.fixture
def fleet() -> PaperFleet:
    """Four models that serve; one rollout may be under way."""
    made = limited(1)
    for number, name in enumerate("abcd", 1):
        made.ask(name, body(number))
    made.pass_time(150)
    assert {made.model(name).phase for name in "abcd"} == {ModelPhase.HEALTHY}
    return made


def test_one_begins_after_the_other_and_the_others_say_what_their_place_is(
    fleet: PaperFleet,
) -> None:
    fleet.ask("c", body(13))
    fleet.pass_time(5)
    fleet.ask("b", body(12))
    fleet.pass_time(5)
    fleet.ask("a", body(11))
    fleet.pass_time(5)
    assert begun(fleet) == {"c"}
    assert [wait_of(fleet, name).place for name in "ba"] == [1, 2]
    assert wait_of(fleet, "a").reason is WaitReason.PLACE
    assert fleet.model("b").phase is ModelPhase.WAITING
    assert fleet.model("b").message.endswith(
        "limit of rollouts under way, 1, is reached; of those that wait it is number 1."
    )
    assert fleet.model("a").message.endswith("it is number 2.")
    fleet.restart()
    fleet.pass_time(5)
    assert [wait_of(fleet, name).place for name in "ba"] == [1, 2]
    order = []
    for _ in range(40):
        fleet.pass_time(5)
        now = begun(fleet)
        assert len(now) <= 1
        order += [name for name in sorted(now) if name not in order]
    assert order == ["c", "b", "a"]
    assert fleet.model("a").stable_revision == revision(fleet, 11)
    assert fleet.model("a").waiting is None


def test_first_revisions_take_places_as_well() -> None:
    fleet = limited(2)
    for number, name in enumerate("abcd", 1):
        fleet.ask(name, body(number))
    fleet.sweep()
    assert begun(fleet) == {"a", "b"}
    assert [wait_of(fleet, name).place for name in "cd"] == [1, 2]
    fleet.pass_time(100)
    assert {fleet.model(name).phase for name in "abcd"} == {ModelPhase.HEALTHY}


def test_going_back_and_an_abort_wait_for_no_place(fleet: PaperFleet) -> None:
    fleet.ask("b", body(12))
    fleet.pass_time(60)
    assert fleet.model("b").stable_revision == revision(fleet, 12)
    fleet.ask("a", body(11, steps=[{"wave": {"count": 1}}, {"pause": {"duration": 300}}]))
    fleet.pass_time(10)
    fleet.act(RolloutVerb.ROLL_BACK, "b")
    fleet.pass_time(40)
    assert fleet.model("b").stable_revision == revision(fleet, 2)
    assert begun(fleet) == {"a"}
    fleet.ask("c", body(13))
    fleet.act(RolloutVerb.ABORT, "a")
    fleet.pass_time(5)
    assert begun(fleet) == {"c"}
    # Tried again, it queues like any other.
    fleet.act(RolloutVerb.RETRY, "a")
    fleet.pass_time(5)
    assert wait_of(fleet, "a").place == 1


def test_a_revision_that_serves_nowhere_is_mended_at_once(fleet: PaperFleet) -> None:
    fleet.ask("a", body(11))
    fleet.pass_time(5)
    for pod in fleet.pods("b"):
        fleet.satellites[pod["spec"]["nodeName"]].broken.add(pod["metadata"]["uid"])
    fleet.pass_time(5)
    assert fleet.model("b").active == 0
    fleet.ask("b", body(12))
    fleet.pass_time(5)
    assert begun(fleet) == {"a", "b"}


def test_what_comes_in_the_place_of_one_under_way_has_its_place(fleet: PaperFleet) -> None:
    fleet.ask("a", body(11))
    fleet.pass_time(5)
    fleet.ask("b", body(12))
    fleet.ask("a", body(21))
    fleet.pass_time(5)
    assert begun(fleet) == {"a"}
    assert wait_of(fleet, "b").place == 1
    fleet.pass_time(5)
    assert fleet.model("a").candidate_revision == revision(fleet, 21)


@pytest.mark.parametrize(
    ("name", "stuck"),
    [
        ("a", body(11, steps=FOR_A_PERSON)),
        ("a", body(11, steps=[{"wave": {"selector": {"plane": "none"}}}])),
        ("e", body(5, replicas=0)),
    ],
    ids=["a pause for a person", "a wave of nobody", "no copies wanted"],
)
def test_what_only_a_person_leads_on_holds_up_nobody(
    fleet: PaperFleet, name: str, stuck: dict[str, Any]
) -> None:
    fleet.ask(name, stuck)
    fleet.pass_time(40)
    status = fleet.model(name).rollout
    assert status is not None
    assert status.idle
    fleet.ask("b", body(12))
    fleet.pass_time(60)
    assert fleet.model("b").stable_revision == revision(fleet, 12)


def test_what_is_paused_or_held_by_its_window_holds_up_nobody(fleet: PaperFleet) -> None:
    fleet.ask("a", body(11))
    fleet.pass_time(10)
    fleet.act(RolloutVerb.PAUSE, "a")
    fleet.ask("b", body(12, rollout={"blackouts": [contact(200, 290)]}))
    fleet.pass_time(10)
    assert begun(fleet) == {"a", "b"}
    fleet.pass_time(20)
    fleet.ask("c", body(13))
    fleet.pass_time(70)
    assert fleet.model("c").stable_revision == revision(fleet, 13)
    fleet.act(RolloutVerb.RESUME, "a")
    fleet.pass_time(100)
    assert fleet.model("a").stable_revision == revision(fleet, 11)
    assert fleet.model("b").stable_revision == revision(fleet, 12)


def test_a_first_revision_whose_file_is_wrong_holds_up_nobody() -> None:
    fleet = limited(1)
    fleet.files.damaged.add(digest_of(1))
    fleet.ask("a", body(1))
    fleet.pass_time(30)
    fleet.ask("b", body(2))
    fleet.pass_time(60)
    assert fleet.model("b").phase is ModelPhase.HEALTHY
    fleet.ask("a", body(3))
    fleet.pass_time(60)
    assert fleet.model("a").phase is ModelPhase.HEALTHY


NAMES = "abcde"


@st.composite
def nets(draw: st.DrawFn) -> dict[str, list[str]]:
    """Whom each model comes after; nobody waits for himself round the corner."""
    order = draw(st.permutations(NAMES))
    return {
        name: draw(st.lists(st.sampled_from(order[:place]), unique=True, max_size=2))
        if place
        else []
        for place, name in enumerate(order)
    }


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    limit=st.integers(1, 2),
    net=nets(),
    changes=st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from([0, 5, 20])), min_size=3, max_size=8
    ),
)
def test_whatever_waits_for_whatever_all_come_to_what_they_are_to_be(
    limit: int, net: dict[str, list[str]], changes: list[tuple[str, int]]
) -> None:
    """No order of changes, limits and predecessors leaves anybody waiting for good."""
    fleet = limited(limit)

    def ask(name: str, number: int) -> None:
        after = {"after": [{"model": first} for first in net[name]]}
        fleet.ask(name, body(number, rollout=after))

    def no_more_than_the_limit(done: str) -> None:
        models = [m for m in fleet.snapshot().models if done == "swept"]
        assert sum(takes_place(model, fleet.now) for model in models) <= limit + superseding(models)

    fleet.observers.append(no_more_than_the_limit)
    for number, name in enumerate(NAMES, 1):
        ask(name, number)
    for number, (name, seconds) in enumerate(changes, 10):
        ask(name, number)
        fleet.pass_time(seconds)
    fleet.pass_time(60 * (len(NAMES) + len(changes)))
    assert {name: fleet.model(name).phase for name in NAMES} == dict.fromkeys(
        NAMES, ModelPhase.HEALTHY
    )
    assert not fleet.api.items(kinds.ROLLOUT_ACTION)


def superseding(models: list[Any]) -> int:
    """Those that came in the place of one that was held, which they may at any time."""
    return sum(
        any(entry.reason == "RolloutSuperseded" for entry in model.status.history)
        for model in models
    )
