from collections.abc import Mapping
from typing import Any

import pytest

from perigee_operator.domain.analysis.expression import parsed
from perigee_operator.domain.analysis.metric import Metric

SUCCESS = parsed("value < 0.05")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"success": None}, "a successCondition or a failureCondition must be given"),
        ({"interval_s": 0}, "interval must be above 0 s, not 0"),
        ({"interval_s": float("nan")}, "interval must be above 0 s"),
        ({"count": 0}, "count must be 1 at least, not 0"),
        ({"count": 3}, "interval must be given for 3 measurements"),
        ({"failure_limit": -1}, "limits must not be negative"),
        ({"inconclusive_limit": -1}, "limits must not be negative"),
        ({"consecutive_success_limit": -1}, "limits must not be negative"),
        (
            {"count": 2, "interval_s": 10, "consecutive_success_limit": 3},
            "consecutiveSuccessLimit 3 cannot be reached by 2 measurements",
        ),
        ({"consecutive_success_limit": 2}, "consecutiveSuccessLimit 2 cannot be reached by 1 m"),
    ],
)
def test_what_could_never_be_judged_is_refused(fields: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"metric slow: {problem}"):
        Metric("slow", **{"success": SUCCESS, **fields})


@pytest.mark.parametrize(
    ("count", "interval_s", "enough"), [(None, None, 1), (None, 10, None), (5, 10, 5), (1, None, 1)]
)
def test_how_many_measurements_are_enough(
    count: int | None, interval_s: float | None, enough: int | None
) -> None:
    assert Metric("slow", SUCCESS, count=count, interval_s=interval_s).enough == enough
