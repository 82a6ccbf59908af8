import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.handover.messages import (
    Accept,
    Claim,
    Message,
    MessageError,
    Release,
    Released,
    Why,
    Withdraw,
    decode,
    encode,
)
from perigee_edge.handover.served import Served

SERVED = Served("m", "r1", ("a",), ("--model=m",))


@pytest.mark.parametrize(
    "message",
    [Claim(3, SERVED), *map(Withdraw, Why), Released(1), Accept(2), Release(2)],
)
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=100))
def test_no_bytes_do_worse_than_be_refused(packet: bytes) -> None:
    with pytest.raises(MessageError):
        decode(packet)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.sampled_from(["claim", "withdraw", "released", "no such"]), JSON, JSON)
def test_nor_does_any_document(kind: str, served: object, why: object) -> None:
    with pytest.raises(MessageError):
        decode(json.dumps({"type": kind, "number": [], "served": served, "why": why}).encode())
