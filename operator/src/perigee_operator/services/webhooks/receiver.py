"""Who is told, of what, and how it is reached."""

import ssl
from collections.abc import Iterator
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from perigee_operator.domain.writes import Announce, EventType

MAX_RECEIVERS: Final = 16
"""Each has a queue of its own in the operator's memory."""


class Receiver(BaseModel):
    """A receiver, as the chart's values describe it."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

    name: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    """For metrics and logs, and of the file with its key."""
    url: HttpUrl = Field(repr=False)
    reasons: frozenset[str] = frozenset()
    """Of Events that it is told of; all, if empty."""
    types: frozenset[EventType] = frozenset()
    """Of Events that it is told of; all, if empty."""
    allow_http: bool = False
    """Whether what it is told may be read on the way."""
    ca_bundle: str = Field(default="", repr=False)
    """PEM: who vouches for its certificate, in place of the authorities that the system trusts."""

    @model_validator(mode="after")
    def _address(self) -> Self:
        if self.url.scheme == "http" and not self.allow_http:
            raise ValueError("url: http is for those who say allowHttp: true; use https")
        if self.ca_bundle:
            self.tls()
        return self

    def tls(self) -> ssl.SSLContext:
        """How its certificate is verified.

        Raises:
            ValueError: `ca_bundle` holds no certificate that can be read.
        """
        try:
            return ssl.create_default_context(cadata=self.ca_bundle or None)
        except ssl.SSLError as error:
            raise ValueError("caBundle: expected certificates in PEM form") from error

    def wants(self, announce: Announce) -> bool:
        """Whether it is told of this."""
        by_reason = not self.reasons or announce.reason in self.reasons
        return by_reason and (not self.types or announce.type in self.types)


def _with_names_of_their_own(receivers: tuple[Receiver, ...]) -> tuple[Receiver, ...]:
    twice = sorted(_twice(receivers))
    if twice:
        raise ValueError(f"more than one receiver is named {', '.join(twice)}")
    return receivers


def _twice(receivers: tuple[Receiver, ...]) -> Iterator[str]:
    seen: set[str] = set()
    for receiver in receivers:
        if receiver.name in seen:
            yield receiver.name
        seen.add(receiver.name)


def _parsed(value: object) -> object:
    return from_json(value) if isinstance(value, str) else value


Receivers = Annotated[
    tuple[Receiver, ...],
    Field(max_length=MAX_RECEIVERS),
    BeforeValidator(_parsed),
    AfterValidator(_with_names_of_their_own),
]
"""Also as JSON."""
