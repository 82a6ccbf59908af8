"""What protocol and engine have in common: named arrays, their datatypes and shapes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

Tensors = Mapping[str, Array]
"""Arrays by the names that the model gives them. BYTES tensors are object arrays of `bytes`."""


class Datatype(StrEnum):
    """The tensor datatypes of the Open Inference Protocol v2 that numpy has."""

    BOOL = "BOOL"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    FP16 = "FP16"
    FP32 = "FP32"
    FP64 = "FP64"
    BYTES = "BYTES"

    @property
    def dtype(self) -> np.dtype[Any]:
        """As numpy names it; little-endian, as the protocol sends it."""
        return _DTYPES[self]


_DTYPES: Final[Mapping[Datatype, np.dtype[Any]]] = {
    Datatype.BOOL: np.dtype(np.bool_),
    Datatype.UINT8: np.dtype("<u1"),
    Datatype.UINT16: np.dtype("<u2"),
    Datatype.UINT32: np.dtype("<u4"),
    Datatype.UINT64: np.dtype("<u8"),
    Datatype.INT8: np.dtype("<i1"),
    Datatype.INT16: np.dtype("<i2"),
    Datatype.INT32: np.dtype("<i4"),
    Datatype.INT64: np.dtype("<i8"),
    Datatype.FP16: np.dtype("<f2"),
    Datatype.FP32: np.dtype("<f4"),
    Datatype.FP64: np.dtype("<f8"),
    Datatype.BYTES: np.dtype(np.object_),
}

_DATATYPES: Final = {dtype: datatype for datatype, dtype in _DTYPES.items()}


def datatype_of(array: Array) -> Datatype:
    """The protocol's name for an array's dtype; `KeyError` if it has none."""
    return _DATATYPES[array.dtype.newbyteorder("<")]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output as the model declares it."""

    name: str
    datatype: Datatype
    shape: tuple[int | None, ...]
    """None for an axis of any length."""

    def admits(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of that shape fits."""
        return len(shape) == len(self.shape) and all(
            wanted in (None, length) for wanted, length in zip(self.shape, shape, strict=True)
        )
