"""Signatures of Standard Webhooks: HMAC-SHA256 over id, timestamp and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
Libraries that verify them exist for most languages.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from pathlib import Path
from typing import Final

KEY_PREFIX: Final = "whsec_"
MIN_KEY_BYTES: Final = 24
MAX_KEY_BYTES: Final = 64


class SigningKeyError(Exception):
    """There is no key to sign with."""


def signing_key(text: str) -> bytes:
    """The key that a text stands for: ``whsec_`` and 24 to 64 bytes in base64.

    Raises:
        SigningKeyError: it is something else. Nothing of it is told.
    """
    text = text.strip()
    expected = f"expected {KEY_PREFIX} and {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes in base64"
    if not text.startswith(KEY_PREFIX):
        raise SigningKeyError(f"the signing key makes no sense: {expected}")
    try:
        key = base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SigningKeyError(f"the signing key makes no sense: {expected}") from None
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise SigningKeyError(f"the signing key has {len(key)} bytes: {expected}")
    return key


def key_in(file: Path) -> bytes:
    """The key in a file, as it is now: keys may be exchanged while the operator runs.

    Raises:
        SigningKeyError: there is none.
    """
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SigningKeyError(f"the signing key cannot be read: {type(error).__name__}") from error
    return signing_key(text)


def signed_headers(identity: str, body: bytes, key: bytes, at: datetime) -> dict[str, str]:
    """The headers by which a receiver knows who speaks, and when.

    Args:
        identity: of what is told, the same in every attempt.
        body: exactly as it is sent.
        key: that the receiver knows.
        at: of this attempt: receivers refuse old timestamps, so that nobody can repeat what was
            said before.
    """
    timestamp = str(int(at.timestamp()))
    content = f"{identity}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
