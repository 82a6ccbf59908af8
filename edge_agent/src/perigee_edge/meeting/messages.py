"""What servers and the agent tell each other to bring two servers together. Pure.

One JSON document a packet. A server says one thing over a connection, and means it for as long as
that lasts.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from perigee_api.message import Message
from perigee_api.served import Word

_Model = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,253}/[0-9A-Za-z._-]{1,253}$")]
"""``<namespace>/<name>``."""


class MeetingError(ValueError):
    """A packet that says nothing of the kind."""


class Seek(Message):
    """From the server of the revision that serves: whoever is to answer beside it is welcome."""

    type: Literal["seek"] = "seek"
    model: _Model
    revision: Word
    """That serves: it does not answer beside itself."""


class Offer(Message):
    """From a candidate's server, and from the agent to who seeks; beside it, an open socket."""

    type: Literal["offer"] = "offer"
    model: _Model
    revision: Word
    """The candidate."""
    percent: int = Field(ge=1, le=100)
    """Share of the requests that is to be handed on."""


_SAID: TypeAdapter[Seek | Offer] = TypeAdapter(Annotated[Seek | Offer, Field(discriminator="type")])


def encode(message: Seek | Offer) -> bytes:
    """A message as a packet."""
    return message.model_dump_json(by_alias=True).encode()


def decode(packet: bytes) -> Seek | Offer:
    """The message in a packet.

    Raises:
        MeetingError: There is none.
    """
    try:
        return _SAID.validate_json(packet)
    except ValidationError as error:
        raise MeetingError(f"no message: {error}") from error
