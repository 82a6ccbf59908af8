from typing import Any

import pytest

from paper_fleet.views import at, model_view
from perigee_api.comparison import ComparisonStatus, ReportComparison
from perigee_api.inference_model import InferenceModelStatus, RolloutStatus
from perigee_api.served import Before, Counts, ServedBlock
from perigee_operator.domain.analysis.compared import Compared
from perigee_operator.domain.analysis.comparison import Sums
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.comparison_status import begun_status, status_of
from perigee_operator.domain.rollout.comparison_terms import read
from perigee_operator.services.comparison_book import ComparisonBook
from perigee_operator.services.served_book import Served

TERMS = read(ReportComparison())
COUNTS = Counts(errors=1, latency={40: 99})
STARTED_S = 100


def model(kept: ComparisonStatus | None, **more: Any) -> ModelView:
    rollout = RolloutStatus(
        candidate="new", started=at(0), step_started=at(0), comparison=kept, **more
    )
    return model_view(status=InferenceModelStatus(stable_revision="old", rollout=rollout))


def begun(started_s: float = STARTED_S) -> ComparisonStatus:
    return begun_status(1, TERMS, at(started_s))


def served(
    heard_s: float = 1000, *, before: Before | None = None, **more: Any
) -> tuple[Served, ...]:
    given = {
        "pod": "uid-p",
        "revision": "new",
        "run": "1",
        "sequence": 0,
        "age_s": 0,
        "lasted_s": 480,
        "counts": COUNTS,
        "before": before or Before(revision="old", counts=COUNTS),
    }
    return (Served("sat-1", at(heard_s), ServedBlock(**{**given, **more})),)


class Ground:
    def __init__(self) -> None:
        self.book = ComparisonBook()
        self.model = model(begun())

    def hear(self, *told: Served) -> Compared:
        return self.book.of([self.model], {"uid-m": told})["uid-m"]


@pytest.fixture
def ground() -> Ground:
    return Ground()


def test_blocks_of_the_candidate_beside_the_stable_revision_are_compared(ground: Ground) -> None:
    assert ground.hear().comparison.candidate == Sums()
    found = ground.hear(*served(1000), *served(1480))
    assert found.comparison.candidate == Sums(200, 2)
    assert found.last_heard == at(1480)
    assert ground.hear() == found
    assert found.comparison.since == at(520)


@pytest.mark.parametrize(
    "told",
    [
        served(revision="old"),
        served(before=Before(revision="older", counts=COUNTS)),
        served(STARTED_S),
    ],
    ids=["of the stable one", "beside another one", "ended before"],
)
def test_others_are_not(ground: Ground, told: tuple[Served, ...]) -> None:
    assert ground.hear(*told).comparison.candidate == Sums()


def test_a_block_without_what_was_before_is_not(ground: Ground) -> None:
    ((one),) = served()
    lone = Served(one.node, one.heard_at, one.block.model_copy(update={"before": None}))
    assert ground.hear(lone).comparison.candidate == Sums()


def test_an_operator_that_was_restarted_goes_on_from_the_status(ground: Ground) -> None:
    found = ground.hear(*served(1000), *served(1480))
    ground.book = ComparisonBook()
    ground.model = model(status_of(begun(), TERMS.rules, found))
    again = ground.hear(*served(1960))
    assert again.comparison.candidate == Sums(300, 3)
    trials = again.comparison.trials.values()
    assert {trial.blocks for trial in trials} == {3}


def test_another_comparison_begins_anew(ground: Ground) -> None:
    ground.hear(*served())
    ground.model = model(begun(500))
    assert ground.hear().comparison.candidate == Sums()


@pytest.mark.parametrize("kept", [None, begun().model_copy(update={"terms": "nonsense"})])
def test_where_nothing_is_to_be_compared_nothing_is(kept: ComparisonStatus | None) -> None:
    assert ComparisonBook().of([model(kept)], {"uid-m": served()}) == {}


def test_what_was_counted_in_the_dark_is_heard_when_it_comes(ground: Ground) -> None:
    ground.hear(*served(2000))
    found = ground.hear(*served(9000, age_s=8000))
    assert found.comparison.candidate == Sums(200, 2)
    assert found.comparison.since == at(520)
    assert found.last_heard == at(9000)
