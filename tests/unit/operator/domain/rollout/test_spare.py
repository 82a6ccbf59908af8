import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.rollout.spare import Spare

LAST = "its copy is the last one that serves, and is not taken out"


@pytest.mark.parametrize(
    ("spare", "why"),
    [
        (Spare(3, 3, 1), None),
        (Spare(3, 2, 1), "1 of 3 satellites do not serve, and maxUnavailable is 1"),
        (Spare(3, 2, 2), None),
        (Spare(3, 1, 9), LAST),
        (
            Spare(1, 1, 1),
            f"{LAST}, as rollout.maxUnavailable would allow",
        ),
        (Spare(1, 1, 1, last_may_go=True), None),
        (Spare(3, 4, 1, swapping=1), "1 swap already, and maxUnavailable is 1"),
        # More serve than are wanted any more.
        (Spare(1, 2, 1), None),
    ],
)
def test_what_keeps_a_copy_in_service(spare: Spare, why: str | None) -> None:
    assert spare.hindrance == why


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.booleans())
def test_however_many_go_one_serves_and_no_more_are_out_than_may_be(
    could_serve: int,
    serving: int,
    limit: int,
    last_may_go: bool,  # noqa: FBT001
) -> None:
    before = spare = Spare(could_serve, serving, limit, last_may_go=last_may_go)
    while spare.serving and spare.hindrance is None:
        spare = spare.one_less()
    assert spare.out <= max(limit, before.out)
    assert spare.swapping <= limit
    if not last_may_go:
        assert spare.serving >= min(1, serving)
