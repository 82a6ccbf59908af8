"""What a server counts of the samples in requests, to tell whether they are like the golden set's.

Of each sample three numbers are looked at, its features. Their buckets lie between the quantiles
of the golden set, so that each holds about as many of its samples, whatever the unit of the inputs.
The quantiles are those of its file, so that they are the same on all satellites: counts of one
revision can be added wherever and whenever they were made.
"""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from perigee_api.message import Message

MOST_BUCKETS: Final = 10
"""Of a feature: deciles, as is usual for the index of population stability."""
MOST_SAMPLES: Final = 10**6
"""In one bucket of one block: of more no more is counted."""

Samples = Annotated[
    tuple[Annotated[int, Field(ge=0, le=MOST_SAMPLES)], ...],
    Field(min_length=2, max_length=MOST_BUCKETS),
]


class FeatureCounts(Message):
    """How many samples fell into each bucket of a feature, in ascending order."""

    golden: Samples
    """Of the golden set, as this server has computed it when it was verified."""
    live: Samples
    """Of requests."""

    @model_validator(mode="after")
    def _of_the_same_buckets(self) -> Self:
        if len(self.golden) != len(self.live):
            raise ValueError("golden and live counts are of other buckets")
        return self


class FeaturesCounts(Message):
    """What was counted of each feature; absent where the golden set has no two values of it."""

    score: FeatureCounts | None = None
    """The highest score of the answer, on average over its positions; where outputs are compared by
    their values and are no scores, the mean of these."""
    mean: FeatureCounts | None = None
    """The mean of the input's values, as they were given."""
    deviation: FeatureCounts | None = None
    """Their standard deviation."""
