import pytest

from perigee_edge.meeting.messages import MeetingError, Offer, Seek, decode, encode

OFFER = Offer(model="default/m", revision="0123abcd", percent=5)


@pytest.mark.parametrize("message", [Seek(model="default/m", revision="a"), OFFER])
def test_what_is_said_is_understood(message: Seek | Offer) -> None:
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type":"go","model":"default/m"}',
        b'{"type":"seek","model":"m","revision":"a"}',
        b'{"type":"seek","model":"default/m"}',
        b'{"type":"offer","model":"default/m","revision":"a"}',
        b'{"type":"offer","model":"default/m","revision":"a","percent":0}',
        b'{"type":"offer","model":"default/m","revision":"a b","percent":5}',
        b"\xff",
    ],
)
def test_nonsense_is_refused(packet: bytes) -> None:
    with pytest.raises(MeetingError):
        decode(packet)
