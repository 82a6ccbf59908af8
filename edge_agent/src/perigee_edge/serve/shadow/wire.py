"""What two servers say to each other over a connected pair of sockets.

The one that serves sends frames: a length of four bytes (big-endian), a JSON document of that
length, and the bytes of the arrays that it names, little-endian, one after the other. The other one
answers each frame of arrays with one line of JSON.
"""

import asyncio
import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from perigee_edge.serve.counting import ShadowOutcome
from perigee_edge.serve.tensors import Array, Datatype, Tensors, datatype_of

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of the arrays of one frame: more are not handed on."""
_MOST_DOCUMENT_BYTES: Final = 64 * 1024
_MOST_ARRAYS: Final = 256
_LENGTH: Final = struct.Struct("!I")
_STOP: Final = b'{"stop":true}'


class WireError(Exception):
    """What came is none of it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A request's inputs, and the outputs that were answered."""

    inputs: Tensors
    outputs: Tensors

    @property
    def can_be_sent(self) -> bool:
        """Not too large, and numbers alone: those of strings cannot be compared."""
        arrays = [*self.inputs.values(), *self.outputs.values()]
        numbers = all(array.dtype != np.object_ for array in arrays)
        size = sum(array.nbytes for array in arrays)
        return numbers and size <= MOST_BYTES and len(arrays) <= _MOST_ARRAYS


def encode(pair: Pair) -> list[bytes | memoryview]:
    """A frame, in parts that are views of the arrays where these allow it."""
    document = {"inputs": _named(pair.inputs), "outputs": _named(pair.outputs)}
    arrays = (*pair.inputs.values(), *pair.outputs.values())
    return [*_framed(json.dumps(document).encode()), *map(_bytes, arrays)]


def encode_stop() -> list[bytes]:
    """A frame that asks for what was sent last to be left unfinished."""
    return _framed(_STOP)


async def read(reader: asyncio.StreamReader) -> Pair | None:
    """The next frame; None for one that asks to stop.

    Raises:
        asyncio.IncompleteReadError: The connection has ended.
        OSError: It broke.
        WireError: It says something else.
    """
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > _MOST_DOCUMENT_BYTES:
        raise WireError(f"a document has {length} bytes")
    document = await reader.readexactly(length)
    if document == _STOP:
        return None
    try:
        named = json.loads(document)
        specs = [_Spec.read(each) for part in ("inputs", "outputs") for each in named[part]]
        inputs = len(named["inputs"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError(f"a document makes no sense: {error!r}") from error
    if sum(spec.nbytes for spec in specs) > MOST_BYTES:
        raise WireError("arrays are too large")
    arrays = [(spec.name, spec.array(await reader.readexactly(spec.nbytes))) for spec in specs]
    return Pair(dict(arrays[:inputs]), dict(arrays[inputs:]))


def encode_outcome(outcome: ShadowOutcome) -> bytes:
    """An answer to a frame of arrays."""
    return json.dumps({"outcome": outcome}).encode() + b"\n"


async def read_outcome(reader: asyncio.StreamReader) -> ShadowOutcome:
    """The answer to a frame of arrays.

    Raises:
        OSError: The connection has ended.
        WireError: It says something else.
    """
    try:
        # A line that is longer than a reader takes is a ValueError, too.
        line = await reader.readline()
        if line:
            return ShadowOutcome(json.loads(line)["outcome"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError(f"no outcome: {error!r}") from error
    raise ConnectionResetError("the candidate's server is gone")


@dataclass(frozen=True, slots=True)
class _Spec:
    name: str
    datatype: Datatype
    shape: tuple[int, ...]

    @classmethod
    def read(cls, document: Any) -> "_Spec":
        """As a document has it; `ValueError` where it makes no sense."""
        datatype, shape = Datatype(document["datatype"]), tuple(document["shape"])
        if datatype is Datatype.BYTES or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError("an array of numbers has other datatypes and shapes")
        return cls(str(document["name"]), datatype, shape)

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.datatype.dtype.itemsize

    def array(self, content: bytes) -> Array:
        return np.frombuffer(content, self.datatype.dtype).reshape(self.shape)


def _named(tensors: Tensors) -> list[dict[str, Any]]:
    return list(_specs(tensors))


def _specs(tensors: Tensors) -> Iterator[dict[str, Any]]:
    for name, array in tensors.items():
        yield {"name": name, "datatype": datatype_of(array), "shape": array.shape}


def _framed(document: bytes) -> list[bytes]:
    return [_LENGTH.pack(len(document)), document]


def _bytes(array: Array) -> memoryview:
    little_endian = np.ascontiguousarray(array, dtype=datatype_of(array).dtype)
    return little_endian.reshape(-1).view(np.uint8).data
