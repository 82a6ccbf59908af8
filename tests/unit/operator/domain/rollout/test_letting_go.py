from typing import Any

import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import model_view, pod, revision_of, revision_view, satellite, situation
from perigee_operator.domain.rollout.letting_go import dispensable, released
from perigee_operator.domain.rollout.situation import Situation

SPEC = model_spec(replicas=2)
A = revision_of(SPEC)


def of_a_stand_in(*, active: bool, **more: Any) -> Situation:
    """Copies on s and t, and on u one that may not be asked yet; of s there is more to say."""
    pods = (
        pod("p", A, "s", active=True),
        pod("q", A, "t", active=True),
        pod("r", A, "u", active=active),
    )
    satellites = (satellite("s", **more), satellite("t"), satellite("u"))
    revisions = (revision_view(SPEC, 1, promoted=True),)
    return situation(model_view(SPEC, revisions=revisions, pods=pods), *satellites)


@pytest.mark.parametrize(("active", "expected"), [(False, set()), (True, {"uid-p"})])
def test_a_pod_that_leaves_goes_once_as_many_others_are_asked(
    *, active: bool, expected: set[str]
) -> None:
    assert dispensable(of_a_stand_in(active=active, leaving=True), A) == expected


@pytest.mark.parametrize(("active", "expected"), [(False, set()), (True, {"uid-p"})])
def test_a_pod_where_the_model_may_not_run_any_more_goes_once_as_many_others_are_asked(
    *, active: bool, expected: set[str]
) -> None:
    assert released(of_a_stand_in(active=active, unsuited=True), A) == expected
