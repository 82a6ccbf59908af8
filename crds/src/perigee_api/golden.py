"""The golden set: what a revision has to compute on board before it may serve."""

from enum import StrEnum
from typing import Final

from pydantic import ConfigDict, Field

from perigee_api.artifact import Artifact
from perigee_api.rules import Rule, rules

DEFAULT_GOLDEN_THRESHOLD: Final = 0.98
"""Of a server that is started without one, too."""


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
