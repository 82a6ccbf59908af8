"""What parts of Perigee tell each other as JSON; fields of newer parts are ignored."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Message(BaseModel):
    """A document, or a part of one: in camelCase, and never changed once it is made."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, extra="ignore", frozen=True
    )
