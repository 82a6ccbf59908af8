"""Files that satellites fetch: models, and golden sets beside them."""

from typing import Annotated

from pydantic import Field

from perigee_api.base import Schema

Uri = Annotated[str, Field(pattern=r"^https?://[^\s]+$", min_length=10, max_length=2048)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", min_length=64, max_length=64)]


class Artifact(Schema):
    """A file that satellites fetch, told by its digest."""

    uri: Uri = Field(
        description="Where it is fetched from by HTTP; the server should know Range, so that a "
        "fetch goes on where a pass ended."
    )
    sha256: Digest = Field(description="Of the whole file, in lower-case hexadecimal.")
    size: int = Field(gt=0, le=1 << 40, description="Length of the file in bytes.")
