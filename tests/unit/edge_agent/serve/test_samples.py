from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.serve import samples
from perigee_edge.serve.tensors import Datatype, Tensors, TensorSpec

FREE = TensorSpec("x", Datatype.FP32, (None, 2))
FIXED = TensorSpec("x", Datatype.FP32, (1, 2))
SCALAR = TensorSpec("x", Datatype.FP32, ())


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        ([FREE], [FREE], True),
        ([FREE, FREE], [FREE], True),
        ([FIXED], [FREE], False),
        ([FREE], [FIXED], False),
        ([FREE, SCALAR], [FREE], False),
        ([FREE], [SCALAR], False),
        ([], [FREE], False),
    ],
)
def test_counts_samples(inputs: Any, outputs: Any, *, expected: bool) -> None:
    assert samples.counts_samples(inputs, outputs) is expected


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(1, 8))
def test_what_goes_into_a_batch_comes_out_again(counts: list[int], max_size: int) -> None:
    rng = np.random.default_rng(sum(counts))
    requests = [
        {"a": rng.random((count, 2)), "b": rng.random((count,)).astype("f4")} for count in counts
    ]
    largest = 0

    def doubled(inputs: Tensors) -> Tensors:
        nonlocal largest
        largest = max(largest, inputs["a"].shape[0])
        return {name: array * 2 for name, array in inputs.items()}

    outputs = samples.run_in_slices(doubled, samples.joined(requests), max_size)
    for request, output in zip(requests, samples.taken_apart(outputs, counts), strict=True):
        for name, array in request.items():
            np.testing.assert_array_equal(output[name], array * 2)
            assert output[name].dtype == array.dtype
    assert largest <= max_size


@pytest.mark.parametrize("shape", [(), (1,), (6, 2)])
def test_outputs_that_do_not_count_samples(shape: tuple[int, ...]) -> None:
    with pytest.raises(samples.SamplesMismatchError, match="for 3 samples"):
        samples.taken_apart({"y": np.zeros(shape)}, [1, 2])


def test_inputs_that_disagree_have_no_count() -> None:
    assert samples.sample_count({"a": np.zeros((2, 1)), "b": np.zeros((3, 1))}) is None


def test_signature_is_all_but_axis_0() -> None:
    one, other = {"a": np.zeros((1, 4))}, {"a": np.zeros((9, 4))}
    assert samples.signature(one) == samples.signature(other)
    assert samples.signature(one) != samples.signature({"a": np.zeros((1, 5))})


A, B = ("a",), ("b",)


@pytest.mark.parametrize(
    ("sizes", "taken", "full"),
    [
        ([], 0, False),
        ([(1, A)], 1, False),
        ([(4, A)], 1, True),
        ([(9, A)], 1, True),
        ([(9, A), (1, A)], 1, True),
        ([(2, A), (2, A)], 2, True),
        ([(2, A), (1, A)], 2, False),
        ([(3, A), (2, A)], 1, True),
        ([(1, A), (1, B), (1, A)], 1, True),
        ([(1, A), (1, A), (1, A), (1, A), (1, A)], 4, True),
    ],
)
def test_next_batch_of_at_most_four(
    sizes: list[tuple[int, tuple[object, ...]]], taken: int, *, full: bool
) -> None:
    assert samples.fitting(sizes, 4) == taken
    assert samples.is_full(sizes, 4) is full
