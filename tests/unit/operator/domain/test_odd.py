from typing import Any

import pytest

from perigee_operator.domain.odd import UnviewableError, moment, rows, table, text, whole


@pytest.mark.parametrize(
    "value", [None, 3, "", "soon", "0001-01-01T00:00:00+23:00", "2026-03-01T25:00:00Z", {}]
)
def test_what_is_no_moment(value: Any) -> None:
    with pytest.raises(UnviewableError, match="is not a moment"):
        moment(value)


def test_what_has_another_type_counts_as_absent() -> None:
    assert list(map(table, ({"a": 1}, [], None, "x"))) == [{"a": 1}, {}, {}, {}]
    assert list(map(rows, ([{"a": 1}, 2], {}, None))) == [[{"a": 1}], [], []]
    assert list(map(text, ("a", 1, None))) == ["a", "", ""]
    found = list(map(whole, (0, 7, True, 1.0, "7", None)))
    assert found == [0, 7, None, None, None, None]
