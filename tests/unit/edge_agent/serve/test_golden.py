from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_api.golden import GoldenMetric
from perigee_edge.serve.golden import (
    GoldenSetUnreadableError,
    OutputsDifferError,
    compare,
    read_golden_set,
)

SCORES = np.array([[0.1, 0.9, 0.0], [0.8, 0.1, 0.1], [0.2, 0.3, 0.5], [0.6, 0.4, 0.0]], "f4")


def agreement(found: Any, expected: Any = SCORES, threshold: float = 0.75) -> tuple[bool, float]:
    verdict = compare({"y": found}, {"y": expected}, GoldenMetric.AGREEMENT, threshold)
    return verdict.passed, verdict.value


def error(found: Any, expected: Any, threshold: float = 0.5) -> tuple[bool, float]:
    verdict = compare(
        {"y": np.asarray(found)},
        {"y": np.asarray(expected)},
        GoldenMetric.MAX_ABSOLUTE_ERROR,
        threshold,
    )
    return verdict.passed, verdict.value


def test_agreement_looks_at_the_highest_score_alone() -> None:
    assert agreement(SCORES * 7 + 1) == (True, 1.0)


def test_agreement_just_reached_and_just_missed() -> None:
    one_off = SCORES.copy()
    one_off[0] = one_off[0, ::-1] * [1, 0, 0]
    one_off[0, 0] = 9
    assert agreement(one_off, threshold=0.75) == (True, 0.75)
    assert agreement(one_off, threshold=0.76) == (False, 0.75)


def test_nan_agrees_with_nothing() -> None:
    expected = np.tile(np.array([[1.0, 0.0]]), (4, 1))
    assert np.argmax(np.full_like(expected, np.nan), axis=1).sum() == 0
    assert agreement(np.full_like(expected, np.nan), expected) == (False, 0.0)


def test_agreement_counts_positions_over_all_outputs() -> None:
    found = {"a": np.array([[0, 1]]), "b": np.array([[[1, 1, 1], [0, 0, 0]]])}
    expected = {"a": np.array([[1, 0]]), "b": np.array([[[1, 1, 1], [0, 0, 0]]])}
    assert compare(found, expected, GoldenMetric.AGREEMENT, 0.5).value == 0.75


def test_another_precision_may_agree() -> None:
    assert agreement(SCORES.astype("f2")) == (True, 1.0)


def test_max_absolute_error() -> None:
    assert error([1.0, 2.0], [1.0, 2.5]) == (True, 0.5)
    assert error([1.0, 2.0], [1.0, 2.6])[0] is False
    assert error([250], np.array([5], "u1"), threshold=245) == (True, 245)


@pytest.mark.parametrize(
    ("found", "expected", "passed"),
    [
        (np.inf, np.inf, True),
        (-np.inf, np.inf, False),
        (np.nan, 0.0, False),
        (np.nan, np.nan, False),
        (0.0, np.nan, False),
    ],
)
def test_values_that_are_not_finite(found: float, expected: float, *, passed: bool) -> None:
    assert error([found], [expected], threshold=1e300)[0] is passed


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 10))
def test_a_shift_is_the_error(values: list[float], shift: float) -> None:
    expected = np.array(values)
    assert error(expected + shift, expected)[1] == pytest.approx(shift, abs=1e-9)


@pytest.mark.parametrize(
    ("found", "expected", "message"),
    [
        ({}, {"y": SCORES}, "is missing"),
        ({"y": SCORES[:2]}, {"y": SCORES}, "has .2, 3."),
        ({"y": SCORES[:, 0]}, {"y": SCORES[:, 0]}, "axis 1"),
        ({"y": np.array([["a"]], object)}, {"y": np.array([["a"]], object)}, "only numbers"),
    ],
)
def test_outputs_that_cannot_be_compared(found: Any, expected: Any, message: str) -> None:
    with pytest.raises(OutputsDifferError, match=message):
        compare(found, expected, GoldenMetric.AGREEMENT, 0.5)


def test_the_sentence_has_the_figures() -> None:
    verdict = compare({"y": SCORES[:, ::-1]}, {"y": SCORES}, GoldenMetric.AGREEMENT, 0.98)
    assert verdict.sentence == (
        "golden set failed: agreement is 0.25 over 4 samples, less than the 0.98 asked for"
    )


def save(path: Path, arrays: dict[str, Any]) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "golden"
    save(path, {"in.x": SCORES, "out.y": SCORES * 2, "note": np.zeros(1)})
    golden = read_golden_set(path)
    assert list(golden.inputs) == ["x"]
    np.testing.assert_array_equal(golden.outputs["y"], SCORES * 2)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "has none"),
        ({"in.x": SCORES}, "needs arrays"),
        ({"out.y": SCORES}, "needs arrays"),
        ({"in.x": SCORES, "out.y": SCORES[:2]}, "not equally long"),
        ({"in.x": SCORES[:0], "out.y": SCORES[:0]}, "axis 0"),
        ({"in.x": np.float32(1), "out.y": np.float32(1)}, "axis 0"),
        ({"in.x": np.array([{}], object), "out.y": SCORES[:1]}, "cannot be read"),
    ],
)
def test_files_that_are_no_golden_sets(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    path = tmp_path / "golden"
    save(path, arrays)
    with pytest.raises(GoldenSetUnreadableError, match=message):
        read_golden_set(path)


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "golden"
    save(path, {"in.x": SCORES, "out.y": SCORES})
    whole = path.read_bytes()
    damaged = [
        b"",
        b"not a zip file",
        whole[: len(whole) // 2],
        whole[:60] + b"?" * 40 + whole[100:],
    ]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(GoldenSetUnreadableError):
            read_golden_set(path)
    with path.open("wb") as file:
        np.save(file, SCORES)
    with pytest.raises(GoldenSetUnreadableError, match="single array"):
        read_golden_set(path)
