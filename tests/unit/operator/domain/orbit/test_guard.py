from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.orbits import EPOCH, elements
from perigee_operator.domain.orbit.guard import GUARD_LIMIT_S, guard_s


@pytest.mark.parametrize(
    ("mean_motion", "age_days", "seconds"),
    [
        # 15.2 revolutions a day are 7.6 km/s; a kilometre is 0.13 s, and each day adds 0.4 s.
        (15.2, 0, 0.1),
        (15.2, 1, 0.5),
        (15.2, 14, 5.7),
        (15.2, -14, 5.7),
        (1.0027, 1, 1.3),
        (15.2, 3000, GUARD_LIMIT_S),
    ],
)
def test_the_band_is_the_error_of_place_over_the_speed(
    mean_motion: float, age_days: float, seconds: float
) -> None:
    moment = EPOCH + timedelta(days=age_days)
    assert guard_s(elements(mean_motion=mean_motion), moment) == seconds


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_it_only_widens_with_age(one: float, other: float) -> None:
    younger, older = sorted((one, other))
    item = elements()
    assert guard_s(item, EPOCH + timedelta(days=younger)) <= guard_s(
        item, EPOCH + timedelta(days=older)
    )
