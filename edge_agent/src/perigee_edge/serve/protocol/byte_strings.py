"""BYTES tensors in binary: each element a 4-byte little-endian length and then its bytes."""

import struct
from typing import Final

import numpy as np

from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.tensors import Array, Datatype

_LENGTH: Final = struct.Struct("<I")


def decode_byte_strings(data: memoryview, count: int, where: str) -> Array:
    """`count` elements from exactly `data`, as a flat object array of `bytes`.

    Args:
        data: The tensor's bytes.
        count: How many elements its shape asks for.
        where: The tensor, as error messages name it.

    Raises:
        RequestError: `data` ends early, goes on too long, or `count` cannot be right.
    """
    # Each element takes a length at least: this bounds the array before it is made.
    if count * _LENGTH.size > len(data):
        raise RequestError(f"{where}: {len(data)} bytes cannot hold {count} elements of BYTES")
    elements = np.empty(count, dtype=Datatype.BYTES.dtype)
    offset = 0
    for index in range(count):
        start = offset + _LENGTH.size
        if start > len(data):
            raise RequestError(f"{where}: the data ends within element {index} of {count}")
        (length,) = _LENGTH.unpack_from(data, offset)
        offset = start + length
        if offset > len(data):
            raise RequestError(f"{where}: the data ends within element {index} of {count}")
        elements[index] = bytes(data[start:offset])
    if offset != len(data):
        raise RequestError(
            f"{where}: {len(data) - offset} bytes are left over after {count} elements"
        )
    return elements


def encode_byte_strings(array: Array) -> bytes:
    """The elements of an object array of `bytes`, in row-major order."""
    parts: list[bytes] = []
    for element in array.reshape(-1):
        parts += (_LENGTH.pack(len(element)), element)
    return b"".join(parts)
