from typing import Any

import pytest

from paper_fleet.views import at, model_view
from perigee_api.inference_model import InferenceModelStatus, RolloutStatus
from perigee_api.served import Counts, ServedBlock, ShadowCounts
from perigee_api.shadow import Shadow, ShadowStatus
from perigee_operator.domain.analysis.agreement import ShadowTally
from perigee_operator.domain.analysis.compared import Shadowed
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.shadow_status import begun_status, status_of
from perigee_operator.domain.rollout.shadow_terms import read
from perigee_operator.services.served_book import Served
from perigee_operator.services.shadow_book import ShadowBook

TERMS = read(Shadow())
STARTED_S = 100
COUNTS = ShadowCounts(candidate="new", compared=20, agreed=19, failed=1, dropped=2)
TALLY = ShadowTally(20, 19, 1, 2)


def model(kept: ShadowStatus | None) -> ModelView:
    rollout = RolloutStatus(candidate="new", started=at(0), step_started=at(0), shadow=kept)
    return model_view(status=InferenceModelStatus(stable_revision="old", rollout=rollout))


def begun(started_s: float = STARTED_S) -> ShadowStatus:
    return begun_status(1, TERMS, at(started_s))


def served(heard_s: float = 1000, **more: Any) -> Served:
    given = {
        "pod": "uid-p",
        "revision": "old",
        "run": "1",
        "sequence": 0,
        "age_s": 0,
        "lasted_s": 480,
        "counts": Counts(),
        "shadow": COUNTS,
    }
    return Served("sat-1", at(heard_s), ServedBlock(**{**given, **more}))


class Ground:
    def __init__(self) -> None:
        self.book = ShadowBook()
        self.model = model(begun())

    def hear(self, *told: Served) -> Shadowed:
        return self.book.of([self.model], {"uid-m": told})["uid-m"]


@pytest.fixture
def ground() -> Ground:
    return Ground()


def test_what_the_stable_revision_has_counted_of_the_candidate_is_judged(ground: Ground) -> None:
    assert ground.hear().agreement.tally == ShadowTally()
    found = ground.hear(served(1000), served(1480))
    assert found.agreement.tally == TALLY + TALLY
    assert list(found.agreement.places) == ["sat-1"]
    assert found.last_heard == at(1480)
    assert found.agreement.since == at(520)
    assert ground.hear() == found


@pytest.mark.parametrize(
    "told",
    [
        served(revision="new"),
        served(shadow=None),
        served(shadow=ShadowCounts(candidate="older", compared=9)),
        served(STARTED_S),
    ],
    ids=["by the candidate", "of none", "of another one", "ended before"],
)
def test_nothing_else_is(ground: Ground, told: Served) -> None:
    assert ground.hear(told).agreement.tally == ShadowTally()


def test_an_operator_that_was_restarted_goes_on_from_the_status(ground: Ground) -> None:
    found = ground.hear(served(1000), served(1480))
    ground.book = ShadowBook()
    ground.model = model(status_of(begun(), TERMS.rules, found))
    assert ground.hear(served(1960)).agreement.tally == TALLY + TALLY + TALLY


def test_another_one_begins_anew(ground: Ground) -> None:
    ground.hear(served())
    ground.model = model(begun(500))
    assert ground.hear().agreement.tally == ShadowTally()


@pytest.mark.parametrize("kept", [None, begun().model_copy(update={"terms": "nonsense"})])
def test_where_nothing_is_to_be_judged_nothing_is(kept: ShadowStatus | None) -> None:
    assert ShadowBook().of([model(kept)], {"uid-m": (served(),)}) == {}
