import pytest

from perigee_edge.artifacts.answer import Body, Resumption, StartOver, read_answer
from perigee_edge.artifacts.failures import FailureReason, Interrupted, Rejected

SIZE = 1000
FRESH = Resumption(0, None)
HALF = Resumption(500, '"v1"')
PART = {"content-range": "bytes 500-999/1000"}


def test_a_fresh_request_asks_for_everything_uncompressed() -> None:
    assert FRESH.request_headers() == {"Accept-Encoding": "identity"}


def test_a_resumption_asks_for_the_rest_of_the_same_file() -> None:
    assert HALF.request_headers() == {
        "Accept-Encoding": "identity",
        "Range": "bytes=500-",
        "If-Range": '"v1"',
    }
    assert "If-Range" not in Resumption(500, None).request_headers()


@pytest.mark.parametrize(
    ("status", "headers", "asked", "answer"),
    [
        (200, {}, FRESH, Body(from_start=True, etag=None)),
        (200, {"etag": '"v2"'}, HALF, Body(from_start=True, etag='"v2"')),
        (200, {"etag": 'W/"v2"'}, HALF, Body(from_start=True, etag=None)),
        (200, {"etag": '"\u00fc"'}, FRESH, Body(from_start=True, etag=None)),
        (200, {"content-length": "1000"}, FRESH, Body(from_start=True, etag=None)),
        (200, {"content-length": "nonsense"}, FRESH, Body(from_start=True, etag=None)),
        (206, PART, HALF, Body(from_start=False, etag=None)),
        (206, {**PART, "etag": '"v1"'}, HALF, Body(from_start=False, etag='"v1"')),
        (206, {"content-range": "bytes 500-999/*"}, HALF, Body(from_start=False, etag=None)),
        (206, {**PART, "etag": '"v2"'}, HALF, StartOver()),
        (206, {"content-range": "bytes 400-999/1000"}, HALF, StartOver()),
        (416, {}, HALF, StartOver()),
        (416, {"content-range": "bytes */1000"}, HALF, StartOver()),
    ],
)
def test_answers_that_lead_on(
    status: int, headers: dict[str, str], asked: Resumption, answer: Body | StartOver
) -> None:
    assert read_answer(status, headers, asked, SIZE) == answer


@pytest.mark.parametrize(
    ("status", "headers", "asked", "reason"),
    [
        (200, {"content-length": "999"}, FRESH, FailureReason.SIZE_MISMATCH),
        (200, {"content-encoding": "gzip"}, FRESH, FailureReason.REFUSED),
        (206, {"content-range": "bytes 500-1000/1001"}, HALF, FailureReason.SIZE_MISMATCH),
        (206, {}, HALF, FailureReason.REFUSED),
        (206, PART, FRESH, FailureReason.REFUSED),
        (416, {"content-range": "bytes */400"}, HALF, FailureReason.SIZE_MISMATCH),
        (416, {}, FRESH, FailureReason.REFUSED),
        (404, {}, FRESH, FailureReason.NOT_FOUND),
        (410, {}, HALF, FailureReason.NOT_FOUND),
        (401, {}, FRESH, FailureReason.REFUSED),
        (403, {}, FRESH, FailureReason.REFUSED),
        (204, {}, FRESH, FailureReason.REFUSED),
        (304, {}, FRESH, FailureReason.REFUSED),
    ],
)
def test_answers_that_say_no(
    status: int, headers: dict[str, str], asked: Resumption, reason: FailureReason
) -> None:
    with pytest.raises(Rejected) as raised:
        read_answer(status, headers, asked, SIZE)
    assert raised.value.reason is reason


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_answers_that_say_later(status: int) -> None:
    with pytest.raises(Interrupted, match=str(status)):
        read_answer(status, {}, FRESH, SIZE)
