import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.verdict import (
    ALL_HOLD,
    Action,
    Policies,
    Policy,
    Reaction,
    Verdict,
)


@pytest.mark.parametrize(
    ("verdict", "action"),
    [
        (Verdict.PASS, Action.ADVANCE),
        (Verdict.FAIL, Action.ABORT),
        (Verdict.RUNNING, Action.HOLD),
        (Verdict.NO_DATA, Action.HOLD),
        (Verdict.SOURCE_DOWN, Action.HOLD),
        (Verdict.INCONCLUSIVE, Action.HOLD),
    ],
)
@given(lasted_s=st.floats(0, 1e9))
def test_what_follows_by_default(verdict: Verdict, action: Action, lasted_s: float) -> None:
    assert ALL_HOLD.action(verdict, lasted_s) is action
    assert ALL_HOLD.next_change_s(verdict, lasted_s) is None


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        (Policy(Reaction.CONTINUE, 600), Action.HOLD, Action.ADVANCE),
        (Policy(Reaction.ABORT, 600), Action.HOLD, Action.ABORT),
        (Policy(Reaction.HOLD, 600), Action.HOLD, Action.HOLD),
        (Policy(Reaction.ABORT), Action.ABORT, Action.ABORT),
        (Policy(Reaction.CONTINUE), Action.ADVANCE, Action.ADVANCE),
    ],
)
def test_a_policy_waits_first(policy: Policy, before: Action, after: Action) -> None:
    assert policy.action(599) is before
    assert policy.action(600) is after
    changes = before is not after
    assert policy.next_change_s(599) == (1 if changes else None)
    assert policy.next_change_s(600) is None


def test_each_way_of_having_no_answer_has_its_own() -> None:
    policies = Policies(
        no_data=Policy(Reaction.CONTINUE, 10),
        source_down=Policy(Reaction.ABORT, 20),
        inconclusive=Policy(Reaction.CONTINUE, 30),
    )
    found = [
        [policies.action(verdict, lasted_s) for lasted_s in (5, 15, 25, 35)]
        for verdict in (Verdict.NO_DATA, Verdict.SOURCE_DOWN, Verdict.INCONCLUSIVE)
    ]
    hold, advance, abort = Action.HOLD, Action.ADVANCE, Action.ABORT
    assert found == [
        [hold, advance, advance, advance],
        [hold, hold, abort, abort],
        [hold, hold, hold, advance],
    ]
    assert policies.action(Verdict.FAIL, 0) is abort
    assert policies.next_change_s(Verdict.SOURCE_DOWN, 5) == 15
