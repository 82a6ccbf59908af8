"""Tensor data within JSON: flat or nested lists, row-major."""

from typing import Any, Final

import numpy as np

from perigee_edge.serve.protocol.errors import RequestError, shown
from perigee_edge.serve.tensors import Array, Datatype

_JSON_TYPES: Final[dict[str, frozenset[type]]] = {
    "b": frozenset({bool}),
    "i": frozenset({int}),
    "u": frozenset({int}),
    "f": frozenset({int, float}),
    "O": frozenset({str}),
}
"""By numpy's kind of dtype."""


def decode_json_data(
    data: Any, datatype: Datatype, shape: tuple[int, ...], count: int, where: str
) -> Array:
    """The array of that shape, of which `count` is the number of elements.

    Raises:
        RequestError: Not a list, wrongly nested, too few or too many elements, an element of
            another type or out of the datatype's range.
    """
    elements = _flattened(data, shape, where)
    if len(elements) != count:
        raise RequestError(
            f"{where}: shape {list(shape)} has {count} elements, but data has {len(elements)}"
        )
    wanted = _JSON_TYPES[datatype.dtype.kind]
    # A set of types first: a test for each element would cost a call for each.
    if not wanted.issuperset(map(type, elements)):
        wrong = next(element for element in elements if type(element) not in wanted)
        raise RequestError(f"{where}: data holds {shown(wrong)}, which is no {datatype}")
    try:
        return _converted(elements, datatype).reshape(shape)
    except (OverflowError, UnicodeEncodeError) as error:
        raise RequestError(f"{where}: data holds a value that is no {datatype}: {error}") from error


def _flattened(data: Any, shape: tuple[int, ...], where: str) -> list[Any]:
    """Nested lists must nest as the shape says; a flat list is taken as it is."""
    if not isinstance(data, list):
        raise RequestError(f"{where}: data must be a list, not {shown(data)}")
    if not any(isinstance(element, list) for element in data):
        return data
    level = [data]
    for length in shape:
        if any(not isinstance(part, list) or len(part) != length for part in level):
            raise RequestError(f"{where}: data is not nested as shape {list(shape)} says")
        level = [element for part in level for element in part]
    return level


def _converted(elements: list[Any], datatype: Datatype) -> Array:
    if datatype is Datatype.BYTES:
        array = np.empty(len(elements), dtype=datatype.dtype)
        array[:] = [element.encode() for element in elements]
        return array
    if datatype.dtype.kind != "f":
        return np.array(elements, dtype=datatype.dtype)
    exact = np.array(elements, dtype=np.float64)
    with np.errstate(over="ignore"):
        array = exact.astype(datatype.dtype)
    if np.any(np.isinf(array) & np.isfinite(exact)):
        raise OverflowError("too large")
    return array


def encode_json_data(array: Array, name: str) -> list[Any]:
    """The elements, flat and row-major.

    Raises:
        RequestError: JSON has no word for a value: NaN, an infinity, bytes that are not UTF-8.
    """
    if array.dtype.kind == "O":
        try:
            return [element.decode() for element in array.reshape(-1)]
        except UnicodeDecodeError as error:
            raise RequestError(
                f"output {shown(name)} is not UTF-8; ask for it with binary_data"
            ) from error
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise RequestError(
            f"output {shown(name)} holds NaN or an infinity, which JSON cannot say; "
            "ask for it with binary_data"
        )
    return array.reshape(-1).tolist()
