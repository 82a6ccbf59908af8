import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.analysis.expression import Expression, Relation, parsed

RELATIONS = st.builds(
    Relation,
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 3)),
)
EXPRESSIONS = st.lists(
    st.lists(RELATIONS, min_size=1, max_size=2).map(tuple), min_size=1, max_size=3
).map(lambda alternatives: Expression(tuple(alternatives)))


@given(expression=EXPRESSIONS)
def test_what_is_written_is_read_again(expression: Expression) -> None:
    assert parsed(str(expression)) == expression


@given(expression=EXPRESSIONS, value=st.floats(-1e6, 1e6))
def test_it_means_what_it_would_mean_elsewhere(expression: Expression, value: float) -> None:
    python = str(expression).replace("||", "or").replace("&&", "and")
    assert expression.holds(value) == eval(python, {}, {"value": value})  # noqa: S307


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [
        ("value < 0.05", [0, 0.0499, -1], [0.05, 1]),
        ("value >= 0.98 && value < 2", [0.98, 1.99], [0.97, 2]),
        ("value<1||value>3", [0, 4], [1, 2, 3]),
        ("value == 0", [0], [0.1]),
        ("value != 0", [0.1], [0]),
        ("  value <= -1.5e-3 ", [-0.0015, -1], [0]),
        ("value > .5", [1], [0.5]),
        ("value < 1 || value > 2 && value < 3", [0, 2.5], [1.5, 3]),
    ],
)
def test_what_holds(text: str, true: list[float], false: list[float]) -> None:
    expression = parsed(text)
    assert [v for v in true if not expression.holds(v)] == []
    assert [v for v in false if expression.holds(v)] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "'nothing' at character 1"),
        ("value", "'value' at character 1"),
        ("result < 1", "'result < 1' at character 1"),
        ("value < 1 &&", "'nothing' at character 13"),
        ("value < 1 && value", "'value' at character 13"),
        ("value < 1 || value =< 2", "'value =< 2' at character 13"),
        ("value < one", "'value < one'"),
        ("value < 1 < 2", "'value < 1 < 2'"),
        ("(value < 1)", "'(value < 1)'"),
        ("value < inf", "'value < inf'"),
        ("value < 1e999", "'value < 1e999'"),
        ("value < 1; exit()", "'value < 1; exit()'"),
        ("value < 1 & value > 0", "'value < 1 & value > 0'"),
        ("1 > value", "'1 > value'"),
        ("value < 1 " * 30, "200 characters long, not 300"),
    ],
)
def test_anything_else_is_refused_with_the_place(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)):
        parsed(text)


@given(text=st.text(max_size=250) | st.text("value<>=!&|.0123456789eE+- ", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parsed(str(parsed(text))) == parsed(text)
