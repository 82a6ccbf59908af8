from typing import Any

import pytest

from paper_fleet.views import at, model_view
from perigee_api.drift import Drift, DriftStatus, Feature
from perigee_api.features import FeatureCounts, FeaturesCounts
from perigee_api.inference_model import InferenceModelStatus, RolloutStatus
from perigee_api.served import Counts, ServedBlock
from perigee_operator.domain.analysis.compared import Drifted
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.drift_status import begun_status, status_of
from perigee_operator.domain.rollout.drift_terms import read
from perigee_operator.services.drift_book import DriftBook
from perigee_operator.services.served_book import Served

TERMS = read(Drift())
STARTED_S = 100
COUNTS = FeaturesCounts(score=FeatureCounts(golden=(9, 9), live=(3, 4)))


def model(kept: DriftStatus | None) -> ModelView:
    rollout = RolloutStatus(candidate="new", started=at(0), step_started=at(0), drift=kept)
    return model_view(status=InferenceModelStatus(stable_revision="old", rollout=rollout))


def begun(started_s: float = STARTED_S) -> DriftStatus:
    return begun_status(1, TERMS, at(started_s))


def served(heard_s: float = 1000, **more: Any) -> Served:
    given = {
        "pod": "uid-p",
        "revision": "new",
        "run": "1",
        "sequence": 0,
        "age_s": 0,
        "lasted_s": 480,
        "counts": Counts(),
        "features": COUNTS,
    }
    return Served("sat-1", at(heard_s), ServedBlock(**{**given, **more}))


class Ground:
    def __init__(self) -> None:
        self.book = DriftBook()
        self.model = model(begun())

    def hear(self, *told: Served) -> Drifted:
        return self.book.of([self.model], {"uid-m": told})["uid-m"]

    def counted(self, *told: Served) -> tuple[int, ...]:
        found = self.hear(*told).drifts
        return found[Feature.SCORE].live.counts if found else ()


@pytest.fixture
def ground() -> Ground:
    return Ground()


def test_what_the_candidate_has_counted_is_added_up(ground: Ground) -> None:
    assert ground.counted() == ()
    found = ground.hear(served(1000), served(1480))
    assert found.drifts[Feature.SCORE].live.counts == (6, 8)
    assert found.drifts[Feature.SCORE].golden == (9, 9)
    assert found.last_heard == at(1480)
    assert ground.hear() == found


@pytest.mark.parametrize(
    "told",
    [served(revision="old"), served(features=None), served(STARTED_S)],
    ids=["by the stable revision", "of none", "ended before"],
)
def test_nothing_else_is(ground: Ground, told: Served) -> None:
    assert ground.counted(told) == ()


def test_an_operator_that_was_restarted_goes_on_from_the_status(ground: Ground) -> None:
    found = ground.hear(served(1000), served(1480))
    ground.book = DriftBook()
    ground.model = model(status_of(begun(), TERMS.rules, found))
    assert ground.counted(served(1960)) == (9, 12)


def test_another_one_begins_anew(ground: Ground) -> None:
    ground.hear(served())
    ground.model = model(begun(500))
    assert ground.counted() == ()


def test_where_nothing_is_to_be_judged_nothing_is() -> None:
    assert DriftBook().of([model(None)], {"uid-m": (served(),)}) == {}
