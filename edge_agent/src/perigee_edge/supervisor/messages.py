"""What supervisor and worker tell each other: one JSON document a packet. Pure.

The worker says when it is ready, how it goes once a second, and why it must end. The supervisor
says when to accept, with the listening socket beside the word, and when to leave.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

MAX_MESSAGE_BYTES: Final = 8 * 1024
BEAT_S: Final = 1.0


class MessageError(ValueError):
    """A packet that is no message."""


@dataclass(frozen=True, slots=True)
class Ready:
    """From a worker: loaded and verified."""


@dataclass(frozen=True, slots=True)
class Beat:
    """From a worker: it lives, and this is what it has done since the last one."""

    answered: int
    failed: int
    """Requests that the model itself failed."""
    busy_s: float
    """How long the batch that is computed now has taken so far."""


@dataclass(frozen=True, slots=True)
class Failed:
    """From a worker: its revision must not serve; it accepts no more, and ends."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Accept:
    """From the supervisor, with the listening sockets: accept from these."""


@dataclass(frozen=True, slots=True)
class Leave:
    """From the supervisor: accept no more, answer who is connected, and end."""


Message = Ready | Beat | Failed | Accept | Leave
_KINDS: Final[dict[str, type[Ready | Beat | Failed | Accept | Leave]]] = {
    kind.__name__.lower(): kind for kind in (Ready, Beat, Failed, Accept, Leave)
}


def encode(message: Message) -> bytes:
    """A message as a packet."""
    document = {"type": type(message).__name__.lower(), **asdict(message)}
    return json.dumps(document, separators=(",", ":")).encode()


def decode(packet: bytes) -> Message:
    """The message in a packet.

    Raises:
        MessageError: There is none.
    """
    try:
        document: dict[str, Any] = json.loads(packet)
        kind = _KINDS[document.pop("type")]
        return kind(**document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MessageError(f"no message: {error!r}") from error
