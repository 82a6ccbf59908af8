import pytest

from paper_fleet.views import at
from perigee_api.inference_model import AbortedRollout, InferenceModelStatus, RolloutStatus
from perigee_operator.domain.rollout.rollout_state import (
    RolloutState,
    aborted,
    aimed_at,
    known_part,
    promoted,
    recorded,
    resumed,
    stepped,
    with_members,
)

FIRST, SECOND = (
    RolloutStatus(candidate=name, step=2, started=at(0), step_started=at(5)) for name in "bc"
)
GIVEN_UP = AbortedRollout(revision="b", reason="GoldenSetFailed", message="0.4", time=at(9))

OTHER = GIVEN_UP.model_copy(update={"revision": "x"})


def fresh(candidate: str, *, direct: bool = False) -> RolloutStatus:
    return RolloutStatus(candidate=candidate, direct=direct, started=at(60), step_started=at(60))


@pytest.mark.parametrize(
    ("before", "known", "after"),
    [
        (RolloutState(), False, RolloutState(rollout=fresh("b", direct=True))),
        (RolloutState(stable="a"), False, RolloutState(stable="a", rollout=fresh("b"))),
        (RolloutState(stable="a"), True, RolloutState(stable="a", rollout=fresh("b", direct=True))),
        (RolloutState(stable="a", rollout=FIRST), False, RolloutState(stable="a", rollout=FIRST)),
        (
            RolloutState(stable="a", rollout=SECOND),
            False,
            RolloutState(stable="a", rollout=fresh("b")),
        ),
        (RolloutState(stable="b", rollout=SECOND), False, RolloutState(stable="b")),
        (RolloutState(stable="b", aborted=GIVEN_UP), False, RolloutState(stable="b")),
        (
            RolloutState(stable="a", aborted=GIVEN_UP),
            False,
            RolloutState(stable="a", aborted=GIVEN_UP),
        ),
        (RolloutState(aborted=GIVEN_UP), False, RolloutState(aborted=GIVEN_UP)),
        (
            RolloutState(stable="a", aborted=OTHER),
            False,
            RolloutState(stable="a", rollout=fresh("b")),
        ),
    ],
)
def test_where_a_spec_that_asks_for_b_leads(
    *,
    before: RolloutState,
    known: bool,
    after: RolloutState,
) -> None:
    assert aimed_at(before, "b", promoted_before=known, now=at(60.9)) == after


def test_another_revision_lets_the_one_given_up_be_tried_again() -> None:
    state = RolloutState(stable="a", aborted=GIVEN_UP)
    away = aimed_at(state, "c", promoted_before=False, now=at(60))
    assert away.aborted is None
    assert aimed_at(away, "b", promoted_before=False, now=at(60)).candidate == "b"


def test_promotion_keeps_the_way_back() -> None:
    state = promoted(RolloutState(stable="a", previous="z", rollout=FIRST))
    assert state == RolloutState(stable="b", previous="a")
    assert state.in_use == {"a", "b"}


def test_an_abort_remembers_what_was_wrong() -> None:
    state = aborted(RolloutState(stable="a", rollout=FIRST), "GoldenSetFailed", "0.4", at(9.7))
    assert state == RolloutState(stable="a", aborted=GIVEN_UP)
    assert aborted(RolloutState(stable="a"), "x", "y", at(9)) == RolloutState(stable="a")


def test_a_step_has_a_time_of_its_own() -> None:
    state = stepped(RolloutState(stable="a", rollout=FIRST), 2, 4, at(60.9))
    assert state.rollout == FIRST.model_copy(update={"step": 3, "step_started": at(60)})
    last = stepped(RolloutState(stable="a", rollout=FIRST), 3, 4, at(60.9))
    assert last.rollout is not None
    assert last.rollout.all_passed
    again = resumed(RolloutState(stable="a", rollout=FIRST), at(60.9))
    assert again.rollout == FIRST.model_copy(update={"step_started": at(60)})
    assert stepped(RolloutState(stable="a"), 0, 1, at(0)) == resumed(
        RolloutState(stable="a"), at(0)
    )


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ("abz", RolloutState(stable="a", previous="z", rollout=FIRST)),
        ("bz", RolloutState(previous="z", rollout=FIRST)),
        ("ab", RolloutState(stable="a", rollout=FIRST)),
        ("az", RolloutState(stable="a", previous="z")),
        ("", RolloutState()),
    ],
)
def test_what_nothing_is_kept_of_leads_nowhere(known: str, expected: RolloutState) -> None:
    assert known_part(RolloutState(stable="a", previous="z", rollout=FIRST), set(known)) == expected


def test_the_status_records_the_course() -> None:
    status = InferenceModelStatus(
        stable_revision="a", previous_revision="z", rollout=FIRST, aborted=GIVEN_UP
    )
    found = recorded(status)
    assert found == RolloutState("a", "z", FIRST, GIVEN_UP)
    assert found.in_use == {"a", "b", "z"}


def test_since_when_a_wave_has_the_satellites_it_has() -> None:
    begun = with_members(RolloutState(stable="a", rollout=FIRST), ["y", "x"], at(10))
    assert begun.rollout is not None
    assert begun.rollout.members_since == at(10)
    assert with_members(begun, ["x", "y"], at(20)) is begun
    other = with_members(begun, ["x", "z"], at(20))
    assert other.rollout is not None
    assert other.rollout.members_since == at(20)
    assert with_members(RolloutState(stable="a"), ["x"], at(10)) == RolloutState(stable="a")
