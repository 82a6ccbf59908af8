"""Signatures, as Standard Webhooks' own library verifies them."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from perigee_operator.services.webhooks.signature import (
    SigningKeyError,
    key_in,
    signed_headers,
    signing_key,
)

KEY = b"k" * 32
TEXT = "whsec_" + base64.b64encode(KEY).decode()


def test_a_known_signature() -> None:
    """The example of the specification's own documentation."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


@given(st.binary(min_size=24, max_size=64), st.text(), st.from_regex(r"\A[0-9a-f]{16}\Z"))
def test_others_verify_it(key: bytes, text: str, identity: str) -> None:
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    headers = signed_headers(identity, body, key, datetime.now(UTC))
    assert Webhook(key).verify(body, headers) == {"text": text}


@pytest.mark.parametrize(
    "forged",
    [{"webhook-id": "1"}, {"webhook-timestamp": str(int(datetime.now(UTC).timestamp()) - 1)}],
)
def test_nothing_of_it_can_be_changed(forged: dict[str, str]) -> None:
    headers = signed_headers("0", b"{}", KEY, datetime.now(UTC))
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(b"{}", headers | forged)
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(b"[]", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY[1:]).verify(b"{}", headers)


def test_what_was_said_ten_minutes_ago_cannot_be_repeated() -> None:
    headers = signed_headers("0", b"{}", KEY, datetime.now(UTC) - timedelta(minutes=10))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(KEY).verify(b"{}", headers)


@pytest.mark.parametrize("text", [TEXT, f"{TEXT}\n", f"  {TEXT}  "])
def test_a_key(text: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(text)
    assert key_in(tmp_path / "key") == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "whsec_",
        "whsec_secret!",
        "whsec_" + base64.b64encode(KEY[:23]).decode(),
        "whsec_" + base64.b64encode(KEY * 3).decode(),
        TEXT.removeprefix("whsec_"),
        "whsec_é",
    ],
)
def test_what_is_no_key_is_not_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(SigningKeyError) as error:
        key_in(tmp_path / "key")
    assert not text.removeprefix("whsec_") or text not in str(error.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="cannot be read: FileNotFoundError"):
        key_in(tmp_path / "absent")
