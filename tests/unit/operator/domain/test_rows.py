"""Which rows of a table have changed, and values beside it."""

from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.rows import PORTION, Rows, arranged

TABLES = st.dictionaries(
    st.sampled_from([f"sat-{n}" for n in range(8)]),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
)


@given(TABLES, TABLES)
def test_rows_that_are_new_or_other_than_before_have_changed(
    before: dict[str, tuple[int, int]], now: dict[str, tuple[int, int]]
) -> None:
    rows = Rows()
    for table in (before, now):
        keys = [*table]
        columns = [[cells[n] for cells in table.values()] for n in (0, 1)]
        changed = rows.changed(keys, *columns)
    assert changed == [row for row, key in enumerate(keys) if before.get(key) != now[key]]


def test_of_many_rows_the_right_ones_are_told() -> None:
    rows, count = Rows(), 3 * PORTION + 1
    keys = [str(row) for row in range(count)]
    rows.changed(keys, [0] * count, tuple(keys))
    others = [0, PORTION - 1, PORTION, 3 * PORTION]
    assert rows.changed(keys, [int(row in others) for row in range(count)], tuple(keys)) == others
    assert rows.changed(keys, [int(row in others) for row in range(count)], tuple(keys)) == []


def test_what_is_forgotten_has_changed() -> None:
    rows = Rows()
    rows.changed(["a"], [1])
    rows.forget()
    assert rows.changed(["a"], [1]) == [0]


def test_another_number_of_columns_is_another_table() -> None:
    rows = Rows()
    rows.changed(["a", "b"], [1, 2])
    assert rows.changed(["a", "b"], [1, 2], [3, 4]) == [0, 1]


def test_values_follow_their_keys() -> None:
    values = {"a": 1, "b": 2, "c": 3}
    assert [*arranged(values, ["c", "a"]).items()] == [("c", 3), ("a", 1)]
    assert arranged(values, ["a", "b", "c"]) is values
