"""Models that come after others, on a fleet on paper, with the promises watched throughout."""

from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import digest_of, model_body
from paper_fleet.scenes import revision, watched
from perigee_api.inference_model import ModelPhase, WaitReason
from perigee_api.rollout_action import RolloutVerb
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

STEPS: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"pause": {"duration": 40}}]


def tiles(number: int, **more: Any) -> dict[str, Any]:
    """The model that comes first."""
    return model_body(artifact_number=number, **more)


def mapper(number: int, *, revision: str | None = None, **more: Any) -> dict[str, Any]:
    """The model that comes after it."""
    first = {"model": "tiles"} | ({"revision": revision} if revision else {})
    return model_body(artifact_number=number, rollout={"after": [first], **more})


def condition(fleet: PaperFleet, name: str = "m") -> tuple[str, str] | None:
    found = {c.type: (c.status, c.reason) for c in fleet.model(name).conditions}
    return found.get("DependenciesMet")


@pytest.fixture
def fleet() -> PaperFleet:
    """Both serve their first revisions."""
    made = watched(3)
    made.ask("m", mapper(11))
    made.ask("tiles", tiles(1))
    made.pass_time(80)
    assert made.model("tiles").phase is made.model("m").phase is ModelPhase.HEALTHY
    assert condition(made) == ("True", "Promoted")
    return made


def test_a_first_revision_waits_until_the_other_model_is_promoted() -> None:
    fleet = watched(3)
    fleet.ask("m", mapper(11))
    fleet.ask("apart", model_body(artifact_number=7, replicas=1))
    fleet.pass_time(40)
    status = fleet.model()
    assert (status.phase, status.rollout) == (ModelPhase.WAITING, None)
    assert status.message.endswith("waits: there is no InferenceModel tiles in namespace default.")
    assert condition(fleet) == ("False", "NotFound")
    assert status.waiting is not None
    assert status.waiting.reason is WaitReason.PREDECESSOR
    assert fleet.model("apart").phase is ModelPhase.HEALTHY
    fleet.files.damaged.add(digest_of(1))
    fleet.ask("tiles", tiles(1))
    fleet.pass_time(40)
    assert fleet.model().message.endswith("of InferenceModel tiles is under way.")
    assert fleet.model().waiting == status.waiting
    fleet.files.damaged.clear()
    fleet.ask("tiles", tiles(2))
    fleet.pass_time(160)
    assert fleet.model("tiles").phase is ModelPhase.HEALTHY
    assert (fleet.model().phase, fleet.model().waiting) == (ModelPhase.HEALTHY, None)
    assert condition(fleet) == ("True", "Promoted")


def test_both_change_at_once_and_come_one_after_the_other(fleet: PaperFleet) -> None:
    fleet.ask("m", mapper(12))
    fleet.ask("tiles", tiles(2, steps=STEPS))
    fleet.pass_time(40)
    assert fleet.model("tiles").rollout is not None
    assert fleet.model().stable_revision == revision(fleet, 11)
    assert (fleet.model().phase, fleet.model().rollout) == (ModelPhase.WAITING, None)
    fleet.restart()
    fleet.pass_time(160)
    assert fleet.model("tiles").stable_revision == revision(fleet, 2)
    assert fleet.model().stable_revision == revision(fleet, 12)


def test_one_that_wants_nothing_says_how_the_other_stands_all_the_same(fleet: PaperFleet) -> None:
    fleet.ask("tiles", tiles(2, steps=STEPS))
    fleet.pass_time(20)
    assert condition(fleet) == ("False", "NotPromoted")
    assert fleet.model().phase is ModelPhase.HEALTHY
    fleet.pass_time(100)
    assert condition(fleet) == ("True", "Promoted")


def test_a_revision_of_the_other_s_history_or_a_later_one_will_do(fleet: PaperFleet) -> None:
    fleet.ask("m", mapper(12, revision=revision(fleet, 1)))
    fleet.ask("tiles", tiles(2, steps=STEPS))
    fleet.pass_time(60)
    assert fleet.model().stable_revision == revision(fleet, 12)
    assert fleet.model("tiles").rollout is not None
    fleet.pass_time(80)
    fleet.ask("m", mapper(13, revision=revision(fleet, 1)))
    fleet.pass_time(60)
    assert fleet.model().stable_revision == revision(fleet, 13)


def test_one_under_way_goes_on_whatever_becomes_of_the_other(fleet: PaperFleet) -> None:
    fleet.ask("m", mapper(12, steps=STEPS))
    fleet.pass_time(20)
    assert fleet.model().rollout is not None
    fleet.api.delete(ObjectKey(kinds.INFERENCE_MODEL, "tiles", "default"))
    fleet.pass_time(100)
    assert fleet.model().stable_revision == revision(fleet, 12)


def test_what_supersedes_one_under_way_waits_too_and_that_one_comes_no_further(
    fleet: PaperFleet,
) -> None:
    fleet.ask("m", mapper(12, steps=STEPS))
    fleet.pass_time(20)
    fleet.ask("tiles", tiles(2, steps=[{"wave": {"count": 1}}, {"pause": {}}]))
    fleet.ask("m", mapper(13, steps=STEPS))
    fleet.pass_time(200)
    status = fleet.model()
    assert status.rollout is not None
    assert status.candidate_revision == revision(fleet, 12)
    assert "of InferenceModel tiles is under way" in status.message
    fleet.act(RolloutVerb.RESUME, "tiles")
    fleet.pass_time(200)
    assert fleet.model().stable_revision == revision(fleet, 13)


def test_the_way_back_and_an_abort_wait_for_nobody(fleet: PaperFleet) -> None:
    fleet.ask("m", mapper(12))
    fleet.pass_time(60)
    fleet.api.delete(ObjectKey(kinds.INFERENCE_MODEL, "tiles", "default"))
    fleet.act(RolloutVerb.ROLL_BACK)
    fleet.pass_time(40)
    assert fleet.model().stable_revision == revision(fleet, 11)
    fleet.ask("tiles", tiles(3))
    fleet.act(RolloutVerb.RETRY)
    fleet.pass_time(80)
    assert fleet.model().stable_revision == revision(fleet, 12)
    fleet.files.failing.add(digest_of(13))
    fleet.ask("m", mapper(13))
    fleet.pass_time(5)
    fleet.api.delete(ObjectKey(kinds.INFERENCE_MODEL, "tiles", "default"))
    fleet.pass_time(60)
    assert fleet.model().aborted is not None


def test_one_that_was_given_up_holds_those_after_it_until_it_is_corrected(
    fleet: PaperFleet,
) -> None:
    fleet.files.failing.add(digest_of(2))
    fleet.ask("tiles", tiles(2))
    fleet.ask("m", mapper(12))
    fleet.pass_time(80)
    assert fleet.model("tiles").aborted is not None
    assert fleet.model().message.endswith("was given up (GoldenSetFailed).")
    fleet.ask("tiles", tiles(3))
    fleet.pass_time(120)
    assert fleet.model().stable_revision == revision(fleet, 12)


def test_models_that_wait_for_each_other_say_so_and_stop_nobody_else() -> None:
    fleet = watched(3)
    fleet.ask("a", model_body(artifact_number=1, rollout={"after": [{"model": "b"}]}))
    fleet.ask("b", model_body(artifact_number=2, rollout={"after": [{"model": "a"}]}))
    fleet.ask("apart", model_body(artifact_number=7, replicas=1))
    fleet.pass_time(60)
    assert condition(fleet, "a") == condition(fleet, "b") == ("False", "Circle")
    assert "a, which waits for b, which waits for a: take one" in fleet.model("a").message
    assert fleet.model("apart").phase is ModelPhase.HEALTHY
    fleet.ask("a", model_body(artifact_number=1))
    fleet.pass_time(100)
    assert fleet.model("a").phase is fleet.model("b").phase is ModelPhase.HEALTHY
