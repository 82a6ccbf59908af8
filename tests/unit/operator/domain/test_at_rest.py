"""Satellites of which nothing is to be written."""

from datetime import timedelta

from paper_fleet.intents import START
from perigee_operator.domain.at_rest import AtRest

NAMES = ["sat-1", "sat-2", "sat-3"]
LATER = START + timedelta(minutes=1)


def test_those_at_rest_are_asked_again_when_their_time_has_come() -> None:
    at_rest = AtRest()
    assert at_rest.in_question(NAMES, START, [1, 2, 3]) == [0, 1, 2]
    at_rest.rest("sat-1", LATER)
    at_rest.rest("sat-3", LATER + timedelta(seconds=1))
    assert at_rest.in_question(NAMES, START, [1, 2, 3]) == [1]
    assert at_rest.in_question(NAMES, LATER, [1, 2, 3]) == [0, 1]


def test_those_whose_grounds_have_changed_are_asked_again() -> None:
    at_rest = AtRest()
    at_rest.in_question(NAMES, START, [1, 2, 3], "abc")
    for name in NAMES:
        at_rest.rest(name, LATER)
    assert at_rest.in_question(NAMES, START, [1, 5, 3], "abc") == [1]
    assert at_rest.in_question(NAMES, START, [1, 5, 3], "abd") == [1, 2]


def test_one_that_comes_back_is_asked_again() -> None:
    at_rest = AtRest()
    at_rest.in_question(NAMES, START, [1, 2, 3])
    for name in NAMES:
        at_rest.rest(name, LATER)
    assert at_rest.in_question(NAMES[:2], START, [1, 2]) == []
    assert at_rest.in_question(NAMES, START, [1, 2, 3]) == [2]
