import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.supervisor.messages import (
    Accept,
    Beat,
    Failed,
    Leave,
    Message,
    MessageError,
    Ready,
    decode,
    encode,
)

MESSAGES = st.one_of(
    st.just(Ready()),
    st.just(Accept()),
    st.just(Leave()),
    st.builds(Beat, st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 1e6)),
    st.builds(Failed, st.text(max_size=20), st.text(max_size=100)),
)


@given(MESSAGES)
def test_what_is_said_is_heard(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=100))
def test_noise_is_no_message(packet: bytes) -> None:
    with pytest.raises(MessageError):
        decode(packet)


@pytest.mark.parametrize("text", ['{"type":"beat"}', '{"type":"ready","x":1}', "[]", '{"type":[]}'])
def test_nearly_messages(text: str) -> None:
    with pytest.raises(MessageError):
        decode(text.encode())
