import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from perigee_api.features import MOST_SAMPLES, FeaturesCounts
from perigee_api.golden import GoldenMetric
from perigee_edge.serve.features import SAMPLES, Reading, Reference, Sampled
from perigee_edge.serve.golden import GoldenSet

AGREEMENT, ERROR = GoldenMetric.AGREEMENT, GoldenMetric.MAX_ABSOLUTE_ERROR
RANDOM = np.random.default_rng(1)
INPUTS = RANDOM.normal(5, 2, size=(100, 3, 8, 8)).astype("f4")
LOGITS = (4 * RANDOM.normal(size=(100, 4, 8, 8))).astype("f4")
GOLDEN = GoldenSet({"x": INPUTS}, {"y": LOGITS})
REFERENCE = Reference.of(GOLDEN, {"y": LOGITS}, AGREEMENT)


def softmax(logits: Any) -> Any:
    powers = np.exp(logits.astype("f8"))
    return powers / powers.sum(axis=1, keepdims=True)


def score(outputs: Any, metric: GoldenMetric = AGREEMENT, golden: Any = None) -> list[float]:
    """Of each sample, as it is read beside that golden output."""
    inputs = np.zeros((len(outputs), 1))
    reading = Reading.of(GoldenSet({}, {"y": outputs if golden is None else golden}), metric)
    found: list[float] = reading.values({"x": inputs}, {"y": outputs})["score"].tolist()
    return found


def test_the_score_is_the_highest_on_average_over_positions() -> None:
    probabilities = softmax(LOGITS)
    wanted = probabilities.max(axis=1).mean(axis=(1, 2))
    assert score(LOGITS) == pytest.approx(wanted)
    assert score(probabilities) == pytest.approx(wanted)


def test_whether_scores_are_logits_is_as_the_golden_set_has_them() -> None:
    within = np.array([[0.1, 0.9]])
    assert score(within) == [0.9]
    assert score(within, golden=np.array([[-3.0, 7.0]])) == pytest.approx([1 / (1 + np.exp(-0.8))])


def test_of_outputs_that_are_no_scores_it_is_the_mean() -> None:
    assert score(np.array([[1.0, 2.0], [3.0, 7.0]]), ERROR) == [1.5, 5.0]
    assert score(np.array([2.0, 3.0]), ERROR) == [2.0, 3.0]


def test_of_inputs_it_is_mean_and_deviation() -> None:
    values = REFERENCE.reading.values({"x": INPUTS}, {})
    assert values["mean"] == pytest.approx(INPUTS.mean(axis=(1, 2, 3)), rel=1e-5)
    assert values["deviation"] == pytest.approx(INPUTS.std(axis=(1, 2, 3)), rel=1e-5)


def test_of_large_samples_some_positions_tell() -> None:
    large = RANDOM.normal(100, 5, size=(2, 3, 300, 300))
    values = Reading.of(GoldenSet({"x": large}, {}), AGREEMENT).values({"x": large}, {})
    assert values["mean"] == pytest.approx([100, 100], rel=0.01)
    assert values["deviation"] == pytest.approx([5, 5], rel=0.1)


def test_of_several_tensors_the_one_with_the_most_numbers_tells() -> None:
    names = np.array([[b"a long name"] * 90] * 2, object)
    inputs = {"scale": np.ones((2, 1)), "image": np.ones((2, 9)), "names": names}
    assert Reading.of(GoldenSet(inputs, {"y": np.ones((2, 3))}), AGREEMENT).input == "image"


def test_each_bucket_has_as_many_samples_of_the_golden_set() -> None:
    assert REFERENCE.golden == dict.fromkeys(("mean", "deviation", "score"), (10,) * 10)


def test_where_the_golden_set_is_always_the_same_nothing_is_counted() -> None:
    golden = GoldenSet({"x": np.ones((9, 4))}, {"y": np.eye(9, 4)})
    reference = Reference.of(golden, golden.outputs, AGREEMENT)
    assert set(reference.golden) == {"score"}
    assert reference.golden["score"] == (5, 4), "it has two values"


def test_the_buckets_are_those_of_the_file_whatever_the_server_computes() -> None:
    other = Reference.of(GOLDEN, {"y": LOGITS * np.float32(1.01)}, AGREEMENT)
    assert {n: b.tolist() for n, b in other.bounds.items()} == {
        n: b.tolist() for n, b in REFERENCE.bounds.items()
    }
    assert sum(other.golden["score"]) == 100
    assert other.golden["score"] != REFERENCE.golden["score"]


@pytest.mark.parametrize(
    ("inputs", "outputs", "counted"),
    [
        ({"x": INPUTS[:7]}, {"y": LOGITS[:7]}, {"mean": 7, "deviation": 7, "score": 7}),
        ({"x": INPUTS}, {"y": LOGITS}, dict.fromkeys(("mean", "deviation", "score"), SAMPLES)),
        ({"x": INPUTS[:0]}, {"z": LOGITS}, {}),
        ({"x": np.array([[b"text"]], object)}, {"y": np.float32(3)}, {}),
        ({"x": np.full((2, 3), np.nan)}, {"y": LOGITS[:2, :, 0, 0] * np.inf}, None),
        ({"x": np.full((2, 3), 255, "u1")}, {"y": np.eye(2, 4, dtype=bool)}, None),
    ],
    ids=["usual", "many", "empty, another name", "no numbers", "NaN and infinities", "integers"],
)
def test_whatever_is_asked_and_answered_is_counted_or_left_out(
    inputs: Any, outputs: Any, counted: dict[str, int] | None
) -> None:
    counts = REFERENCE.counts(inputs, outputs)
    wanted = dict.fromkeys(("mean", "deviation", "score"), 2) if counted is None else counted
    assert {name: sum(each) for name, each in counts.items()} == wanted


@given(
    x=arrays(st.sampled_from(["f4", "f2", "u1", "i8", "?", "S3", "O"]), array_shapes(min_dims=0)),
    y=arrays(st.sampled_from(["f4", "f8", "i4", "?"]), array_shapes(min_dims=0, min_side=0)),
)
def test_nothing_that_is_asked_or_answered_makes_it_fail(x: Any, y: Any) -> None:
    for name, counts in REFERENCE.counts({"x": x}, {"y": y}).items():
        samples = y if name == "score" else x
        assert sum(counts) == min(len(samples), SAMPLES)


def test_nan_is_above_all_else() -> None:
    counts = REFERENCE.counts({"x": np.full((1, 3), np.nan)}, {})
    assert counts["mean"] == (0,) * 9 + (1,)


@given(sizes=st.lists(st.integers(1, 9), max_size=9))
def test_a_block_has_all_samples_since_the_last(sizes: list[int]) -> None:
    sampled = Sampled(REFERENCE)
    for size in sizes:
        sampled.add({"x": INPUTS[:size]}, {"y": LOGITS[:size]})
    found = sampled.cut()
    assert sampled.cut() is None
    if not sizes:
        assert found is None
        return
    assert found is not None
    assert FeaturesCounts.model_validate(json.loads(found.model_dump_json())) == found
    for each in (found.score, found.mean, found.deviation):
        assert each is not None
        assert each.golden == (10,) * 10
        assert sum(each.live) == sum(sizes)


def test_no_count_is_larger_than_a_report_may_have() -> None:
    sampled = Sampled(REFERENCE)
    sampled._live = {"mean": (MOST_SAMPLES + 5,) * 10}
    found = sampled.cut()
    assert found is not None
    assert found.mean is not None
    assert found.mean.live == (MOST_SAMPLES,) * 10
