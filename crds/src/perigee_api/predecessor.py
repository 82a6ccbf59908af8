"""What a model comes after."""

from typing import Annotated

from pydantic import Field

from perigee_api import names
from perigee_api.base import Schema


class Predecessor(Schema):
    """A model of the same namespace that comes first."""

    model: str = Field(
        min_length=1,
        max_length=names.LONGEST_MODEL_NAME,
        pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$",
        description="Its name.",
    )
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$", max_length=8)] | None = Field(
        default=None,
        description="A revision of its history: that one must be its stable revision, or one that "
        "first came after it. If not given, its stable revision must be the one that its spec "
        "asks for, with nothing under way.",
    )
