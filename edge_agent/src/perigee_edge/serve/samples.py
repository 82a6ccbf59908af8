"""Samples along axis 0: requests put together into a batch, and taken apart again. Pure."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from perigee_edge.serve.tensors import Tensors, TensorSpec

Run = Callable[[Tensors], Tensors]


class SamplesMismatchError(Exception):
    """An output does not have a row for each sample, so it cannot be taken apart."""


def counts_samples(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> bool:
    """Whether axis 0 of every tensor is free, so that it is taken to count samples."""
    specs = [*inputs, *outputs]
    return bool(inputs) and all(spec.shape and spec.shape[0] is None for spec in specs)


def sample_count(inputs: Tensors) -> int | None:
    """The length of axis 0; None where the inputs differ."""
    counts = {array.shape[0] for array in inputs.values()}
    return counts.pop() if len(counts) == 1 else None


def signature(inputs: Tensors) -> tuple[object, ...]:
    """Requests may share a batch if this is equal: all but axis 0 is the same."""
    return tuple(sorted((name, array.shape[1:]) for name, array in inputs.items()))


def joined(requests: Sequence[Tensors]) -> Tensors:
    """One request with the samples of all, which have the same signature."""
    if len(requests) == 1:
        return requests[0]
    return {name: np.concatenate([each[name] for each in requests]) for name in requests[0]}


def taken_apart(outputs: Tensors, counts: Sequence[int]) -> list[Tensors]:
    """The rows of each request, as views.

    Raises:
        SamplesMismatchError: The rows are not as many as the samples.
    """
    total = sum(counts)
    for name, array in outputs.items():
        if array.ndim == 0 or array.shape[0] != total:
            raise SamplesMismatchError(
                f"output {name!r} has shape {list(array.shape)} for {total} samples"
            )
    ends = list(itertools.accumulate(counts))
    return [
        {name: array[end - count : end] for name, array in outputs.items()}
        for count, end in zip(counts, ends, strict=True)
    ]


def run_in_slices(run: Run, inputs: Tensors, max_size: int) -> Tensors:
    """Run at most `max_size` samples at once: this bounds the memory that a run takes.

    Raises:
        SamplesMismatchError: A slice's outputs do not have a row for each of its samples.
    """
    count = sample_count(inputs)
    if count is None or count <= max_size:
        return run(inputs)
    parts = [taken_apart(run(part), [rows])[0] for part, rows in _slices(inputs, count, max_size)]
    return joined(parts)


def _slices(inputs: Tensors, count: int, max_size: int) -> Iterator[tuple[Tensors, int]]:
    for start in range(0, count, max_size):
        rows = min(max_size, count - start)
        yield {name: array[start : start + rows] for name, array in inputs.items()}, rows


def fitting(sizes: Sequence[tuple[int, tuple[object, ...]]], max_size: int) -> int:
    """How many requests, oldest first, make up the next batch.

    Args:
        sizes: Samples and signature of each.
        max_size: Samples in a batch. The oldest request is taken even if it has more.
    """
    total = 0
    for taken, (samples, kind) in enumerate(sizes):
        total += samples
        if taken and (total > max_size or kind != sizes[0][1]):
            return taken
    return len(sizes)


def is_full(sizes: Sequence[tuple[int, tuple[object, ...]]], max_size: int) -> bool:
    """Whether no request that comes later could join the next batch."""
    taken = fitting(sizes, max_size)
    return taken < len(sizes) or sum(samples for samples, _ in sizes[:taken]) >= max_size
