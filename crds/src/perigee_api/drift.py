"""How far what a candidate is asked, and answers, may be from its golden set."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from perigee_api.analysis import MissingAnswerPolicy
from perigee_api.base import Schema, Timestamp

LONGEST_DRIFT_TERMS: Final = 512
"""Characters of a drift analysis as JSON."""
LONGEST_DRIFT_EVIDENCE: Final = 8 * 1024
"""Characters: a few sums for each bucket of each feature."""


class Feature(StrEnum):
    """A number that is looked at of each sample."""

    SCORE = "Score"
    MEAN = "Mean"
    DEVIATION = "Deviation"


class Drift(Schema):
    """Requests that the candidate answered, compared with its golden set.

    By the population stability index of the answers' scores, and of the mean and the standard
    deviation of the inputs' values, over all satellites together. What chance alone makes of it is
    taken off. It passes while each is below its limit, and fails once one is not.
    """

    max_score_index: float = Field(
        default=0.25,
        ge=0.05,
        le=10,
        description="Index that the scores may not reach. As a rule of thumb, below 0.1 nothing "
        "has changed, and from 0.25 on much has.",
    )
    max_input_index: float = Field(
        default=0.25,
        ge=0.05,
        le=10,
        description="The same for the inputs.",
    )
    samples: int = Field(
        default=200,
        ge=20,
        le=1_000_000,
        description="That have to be answered. It takes more where neighbouring ones are alike, or "
        "where the golden set is small: as many as tell an index at its limit from chance.",
    )
    on_no_data: MissingAnswerPolicy = Field(
        default=MissingAnswerPolicy(),
        description="Where too few have been answered yet, the golden set has too few samples, or "
        "agents and servers are of an older version.",
    )


class FeatureStatus(Schema):
    """How far a feature is from the golden set's."""

    feature: Feature = Field(description="Which one.")
    verdict: str = Field(description="Pass, Fail or NoData.")
    index: float | None = Field(
        default=None, ge=0, description="The index, less what chance makes of it."
    )
    samples: int = Field(default=0, ge=0, description="Of requests.")
    golden: int = Field(default=0, ge=0, description="Samples of the golden set.")


class DriftStatus(Schema):
    """What was found of the candidate's requests so far.

    Written when something follows from it and else once a minute at most.
    """

    step: int = Field(ge=0, description="Index of the step.")
    definition: str = Field(
        max_length=8, description="Digest of how it is judged: one that is changed begins anew."
    )
    terms: str = Field(
        max_length=LONGEST_DRIFT_TERMS,
        description="The analysis as JSON: so it goes on while there is no such RolloutPolicy.",
    )
    started: Timestamp = Field(description="What had ended before does not count.")
    verdict: str = Field(default="NoData", description="Pass, Fail or NoData.")
    features: Annotated[list[FeatureStatus], Field(max_length=len(Feature))] = Field(
        default_factory=list, description="Of which samples were counted."
    )
    last_heard: Timestamp | None = Field(
        default=None, description="When the last of it was heard of."
    )
    evidence: str = Field(
        default="",
        max_length=LONGEST_DRIFT_EVIDENCE,
        description="What the operator goes on from, as JSON.",
    )
