import asyncio
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from perigee_edge.serve.counting import ShadowOutcome
from perigee_edge.serve.shadow.wire import (
    MOST_BYTES,
    Pair,
    WireError,
    encode,
    encode_outcome,
    encode_stop,
    read,
    read_outcome,
)
from perigee_edge.serve.tensors import Array

NUMBERS = st.sampled_from(["?", "<f4", "<f8", "<f2", "<i8", "u1", ">f4", "<u2"])
ARRAYS = NUMBERS.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=4, min_side=0)))
TENSORS = st.dictionaries(st.text(max_size=20), ARRAYS, max_size=3)


def reader_of(content: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(content)
    reader.feed_eof()
    return reader


def framed(document: object, content: bytes = b"") -> bytes:
    text = json.dumps(document).encode()
    return struct.pack("!I", len(text)) + text + content


@given(inputs=TENSORS, outputs=TENSORS)
def test_what_is_sent_is_read(inputs: dict[str, Array], outputs: dict[str, Array]) -> None:
    async def sent() -> None:
        content = b"".join(encode(Pair(inputs, outputs))) + b"".join(encode_stop())
        reader = reader_of(content)
        found = await read(reader)
        assert found is not None
        for wanted, arrays in ((inputs, found.inputs), (outputs, found.outputs)):
            assert list(arrays) == list(wanted)
            for name, array in wanted.items():
                np.testing.assert_array_equal(arrays[name], array)
                assert arrays[name].dtype == array.dtype.newbyteorder("<")
        assert await read(reader) is None
        with pytest.raises(asyncio.IncompleteReadError):
            await read(reader)

    asyncio.run(sent())


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("!I", 1 << 20),
        struct.pack("!I", 3) + b"}{}",
        framed([]),
        framed({"inputs": []}),
        framed({"inputs": 3, "outputs": []}),
        framed({"inputs": [{"name": "x", "datatype": "F", "shape": []}], "outputs": []}),
        framed({"inputs": [{"name": "x", "datatype": "BYTES", "shape": [1]}], "outputs": []}),
        framed({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}], "outputs": []}),
        framed({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1e9]}], "outputs": []}),
        framed({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1 << 40]}], "outputs": []}),
    ],
)
async def test_what_makes_no_sense_is_refused(content: bytes) -> None:
    with pytest.raises(WireError):
        await read(reader_of(content))


@pytest.mark.parametrize(
    ("array", "can"),
    [
        (np.zeros(MOST_BYTES, "u1"), True),
        (np.zeros(MOST_BYTES + 1, "u1"), False),
        (np.array([b"text"], dtype=object), False),
    ],
    ids=["as much as may be", "too much", "strings"],
)
def test_what_can_be_sent(array: Array, can: bool) -> None:  # noqa: FBT001
    assert Pair({"x": array}, {}).can_be_sent is can
    assert Pair({}, {"y": array}).can_be_sent is can


@pytest.mark.parametrize("outcome", ShadowOutcome)
async def test_outcomes_are_read(outcome: ShadowOutcome) -> None:
    assert await read_outcome(reader_of(encode_outcome(outcome))) is outcome


@pytest.mark.parametrize(
    "line", [b"\n", b"{}\n", b"[]\n", b'{"outcome":"good"}\n', b"{" * 9999, b"{" * 99999]
)
async def test_other_outcomes_are_refused(line: bytes) -> None:
    with pytest.raises(WireError):
        await read_outcome(reader_of(line))


async def test_a_server_that_is_gone_has_no_outcome() -> None:
    with pytest.raises(OSError, match="gone"):
        await read_outcome(reader_of(b""))
