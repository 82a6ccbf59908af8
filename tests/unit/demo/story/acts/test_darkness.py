from typing import Any

import pytest

from perigee_demo.story.acts.darkness import _answered_by_others
from perigee_demo.story.journal import PromiseBrokenError

FIRST = {"sent": 10, "failed": 0, "bySatellite": {"sat-1": 4, "sat-2": 6}}


def after(failed: int = 0, **answers: int) -> dict[str, Any]:
    return {"sent": 30, "failed": failed, "bySatellite": answers}


def test_the_others_have_answered() -> None:
    last = after(**{"sat-1": 20, "sat-2": 6, "sat-3": 4})
    told = _answered_by_others(FIRST, last)
    assert told == "20 requests meanwhile, 0 failed, all answers from sat-1, sat-3"


@pytest.mark.parametrize(
    "last",
    [
        after(**{"sat-1": 20, "sat-2": 7}),
        after(1, **{"sat-1": 20, "sat-2": 6}),
        after(**{"sat-1": 4, "sat-2": 6}),
    ],
    ids=["the dark one has", "one failed", "nobody has"],
)
def test_else_a_promise_is_broken(last: dict[str, Any]) -> None:
    with pytest.raises(PromiseBrokenError, match="of 20 requests"):
        _answered_by_others(FIRST, last)
