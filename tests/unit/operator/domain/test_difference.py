from typing import Any

import pytest

from perigee_operator.domain.difference import holds


@pytest.mark.parametrize(
    ("observed", "wanted", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": {"b": 2}}, {"a": {"b": 1}}, False),
        ({"a": None}, {"a": {}}, False),
        ([{"a": 1, "default": 3}], [{"a": 1}], True),
        ([{"a": 1}, {"a": 2}], [{"a": 1}], False),
        (["a"], ["b"], False),
        ("text", ["t"], False),
        ("a", "a", True),
        (1, "1", False),
        (0, False, True),
    ],
)
def test_what_others_added_is_no_difference(observed: Any, wanted: Any, expected: Any) -> None:
    assert holds(observed, wanted) is expected
