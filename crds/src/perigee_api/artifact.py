"""Files that satellites fetch: models and golden sets."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from perigee_api.base import Schema
from perigee_api.rules import Rule, rules

Uri = Annotated[str, Field(pattern=r"^https?://[^\s]+$", min_length=10, max_length=2048)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", min_length=64, max_length=64)]

DEFAULT_GOLDEN_THRESHOLD: Final = 0.98
"""Of a server that is started without one, too."""


class Artifact(Schema):
    """A file that satellites fetch, told by its digest."""

    uri: Uri = Field(
        description="Where it is fetched from by HTTP; the server should know Range, so that a "
        "fetch goes on where a pass ended."
    )
    sha256: Digest = Field(description="Of the whole file, in lower-case hexadecimal.")
    size: int = Field(gt=0, le=1 << 40, description="Length of the file in bytes.")


class GoldenMetric(StrEnum):
    """How outputs are compared with the golden ones."""

    AGREEMENT = "agreement"
    MAX_ABSOLUTE_ERROR = "maxAbsoluteError"


class Golden(Artifact):
    """Known inputs with known outputs, run on board before a revision may serve.

    An .npz file with an array `in.NAME` for each input and `out.NAME` for each output, the
    first axis counting samples.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "self.metric != 'agreement' || self.threshold <= 1.0",
                "threshold must be at most 1 for the metric agreement, which is a share",
                field=".threshold",
            )
        )
    )

    metric: GoldenMetric = Field(
        default=GoldenMetric.AGREEMENT,
        description="agreement: the share of positions at which the class with the highest "
        "score (axis 1) is the same, at least the threshold. maxAbsoluteError: the largest "
        "difference of a value, at most the threshold.",
    )
    threshold: float = Field(
        default=DEFAULT_GOLDEN_THRESHOLD,
        ge=0,
        description="What the metric must reach, or may not exceed.",
    )
