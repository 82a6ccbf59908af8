"""What parts of Perigee tell each other as JSON; fields of newer parts are ignored."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from perigee_api.lean import Lean


class Message(Lean):
    """A document, or a part of one: in camelCase, and never changed once it is made."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="ignore")


def _sendable(text: Any) -> Any:
    return text.encode(errors="replace").decode() if isinstance(text, str) else text


Sentence = Annotated[str, BeforeValidator(_sendable)]
"""For a person. What no UTF-8 can carry, as in a file's name that Linux takes, becomes ``?``."""
