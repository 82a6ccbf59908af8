"""What keeper and servers tell each other: one JSON document a packet. Pure.

The server speaks first. It claims the socket once it may serve; `Accept`, with the socket itself
beside it, is the answer, at once or much later. `Release` asks for the socket back, and `Released`
says that the server accepts no more; it goes on answering who is connected already. Each names the
claim that it is about by a number, so that words that cross on their way are never mistaken.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from perigee_edge.handover.served import NotServedError, Served

MAX_MESSAGE_BYTES: Final = 64 * 1024


class MessageError(ValueError):
    """A packet that is no message."""


class Why(StrEnum):
    """Why a server takes its claim back."""

    INACTIVE = "Inactive"
    """The ground wants another revision to serve: this one is not good any more."""
    ENDING = "Ending"
    """The server was told to end."""


@dataclass(frozen=True, slots=True)
class Claim:
    """From a server: it is loaded, verified, and to serve."""

    number: int
    """Of this claim, among those of one connection."""
    served: Served


@dataclass(frozen=True, slots=True)
class Withdraw:
    """From a server: it accepts no more and wants the socket no more."""

    why: Why


@dataclass(frozen=True, slots=True)
class Released:
    """From a server: it accepts no more, as it was asked to."""

    number: int


@dataclass(frozen=True, slots=True)
class Accept:
    """From the keeper, with the listening sockets: accept from these."""

    number: int


@dataclass(frozen=True, slots=True)
class Release:
    """From the keeper: accept no more."""

    number: int


Message = Claim | Withdraw | Released | Accept | Release
_NUMBERED: Final[dict[str, type[Released | Accept | Release]]] = {
    "released": Released,
    "accept": Accept,
    "release": Release,
}


def encode(message: Message) -> bytes:
    """A message as a packet."""
    match message:
        case Claim(number, served):
            document: dict[str, Any] = {"type": "claim", "number": number}
            document["served"] = served.document()
        case Withdraw(why):
            document = {"type": "withdraw", "why": why}
        case _:
            document = {"type": type(message).__name__.lower(), "number": message.number}
    return json.dumps(document, separators=(",", ":")).encode()


def decode(packet: bytes) -> Message:
    """The message in a packet.

    Raises:
        MessageError: There is none.
    """
    try:
        document = json.loads(packet)
        if document["type"] == "claim":
            return Claim(int(document["number"]), Served.read(document["served"]))
        if document["type"] == "withdraw":
            return Withdraw(Why(document["why"]))
        return _NUMBERED[document["type"]](int(document["number"]))
    except (NotServedError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise MessageError(f"no message: {error!r}") from error
