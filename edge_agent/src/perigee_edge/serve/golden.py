"""The golden set: known inputs whose outputs are known, run before a model may serve."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from perigee_api.golden import GoldenMetric
from perigee_edge.serve.tensors import Array, Tensors

_INPUT_PREFIX: Final = "in."
_OUTPUT_PREFIX: Final = "out."
_SCORED_RANK: Final = 2
_NUMBERS: Final = "biuf"
"""numpy's kinds of dtype."""


class GoldenSetUnreadableError(Exception):
    """The file is no golden set."""


class OutputsDifferError(Exception):
    """Outputs cannot be compared: a name or a shape is another."""


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """Inputs and the outputs expected of them, each with an axis 0 that counts samples."""

    inputs: Tensors
    outputs: Tensors


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    passed: bool
    metric: GoldenMetric
    value: float
    threshold: float
    samples: int

    @property
    def sentence(self) -> str:
        """For a person, with the figures."""
        relation = {
            (GoldenMetric.AGREEMENT, True): "at least",
            (GoldenMetric.AGREEMENT, False): "less than",
            (GoldenMetric.MAX_ABSOLUTE_ERROR, True): "at most",
            (GoldenMetric.MAX_ABSOLUTE_ERROR, False): "more than",
        }[self.metric, self.passed]
        return (
            f"golden set {'passed' if self.passed else 'failed'}: {self.metric} is "
            f"{self.value:.6g} over {self.samples} samples, {relation} the {self.threshold:.6g} "
            "asked for"
        )


def read_golden_set(path: Path) -> GoldenSet:
    """Read an .npz file with arrays ``in.NAME`` and ``out.NAME``; nothing in it is executed.

    Raises:
        GoldenSetUnreadableError: It is damaged, or lacks inputs or outputs.
    """
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise GoldenSetUnreadableError("the golden set is a single array, no .npz file")
            arrays = dict(archive)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise GoldenSetUnreadableError(f"the golden set cannot be read: {error}") from error
    golden = GoldenSet(_named(arrays, _INPUT_PREFIX), _named(arrays, _OUTPUT_PREFIX))
    if not golden.inputs or not golden.outputs:
        raise GoldenSetUnreadableError(
            f"the golden set needs arrays {_INPUT_PREFIX}NAME and {_OUTPUT_PREFIX}NAME, "
            f"but has {', '.join(sorted(arrays)) or 'none'}"
        )
    counts = {array.shape[:1] for array in [*golden.inputs.values(), *golden.outputs.values()]}
    if len(counts) != 1 or counts <= {(), (0,)}:
        raise GoldenSetUnreadableError(
            "axis 0 of the golden set's arrays counts samples, but is not equally long: "
            f"{sorted(counts)}"
        )
    return golden


def _named(arrays: Tensors, prefix: str) -> Tensors:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def compare(outputs: Tensors, expected: Tensors, metric: GoldenMetric, threshold: float) -> Verdict:
    """Compare a model's outputs with the golden ones.

    Args:
        outputs: What the model computed; outputs that the golden set does not name are passed over.
        expected: What it should have computed. Any datatype will do: a revision may compute in
            another precision of numbers.
        metric: How to compare.
        threshold: Least agreement, or largest error.

    Raises:
        OutputsDifferError: An output is missing, has another shape or holds no numbers, or
            `agreement` is asked for where there is no axis 1.
    """
    for name, array in expected.items():
        found = outputs[name].shape if name in outputs else None
        if found != array.shape:
            raise OutputsDifferError(
                f"output {name!r} should have shape {array.shape}, but "
                + ("is missing" if found is None else f"has {found}")
            )
    pairs = [(outputs[name], array) for name, array in expected.items()]
    if any(array.dtype.kind not in _NUMBERS for pair in pairs for array in pair):
        raise OutputsDifferError("only numbers can be compared")
    if metric is GoldenMetric.AGREEMENT:
        value = _agreement(pairs)
        passed = value >= threshold
    else:
        value = max(_max_absolute_error(*pair) for pair in pairs)
        passed = value <= threshold
    samples = next(iter(expected.values())).shape[0]
    return Verdict(passed, metric, value, threshold, samples)


def _agreement(pairs: list[tuple[Array, Array]]) -> float:
    """Share of positions where the class with the highest score, along axis 1, is the same.

    NaN agrees with nothing: numpy would call it the highest score.
    """
    if any(array.ndim < _SCORED_RANK or array.size == 0 for _, array in pairs):
        raise OutputsDifferError("agreement compares the scores of classes along axis 1")
    agreeing = [
        (np.argmax(found, axis=1) == np.argmax(array, axis=1)) & ~np.isnan(found).any(axis=1)
        for found, array in pairs
    ]
    return float(sum(int(part.sum()) for part in agreeing) / sum(part.size for part in agreeing))


def _max_absolute_error(found: Array, expected: Array) -> float:
    """Equal infinities differ by 0, and NaN differs from everything by infinity."""
    left, right = found.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.where(left == right, 0.0, np.abs(left - right))
    return float(np.nan_to_num(difference, nan=np.inf, posinf=np.inf).max(initial=0.0))
