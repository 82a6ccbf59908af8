"""How a candidate is compared with the stable revision by what satellites report."""

from typing import Final

from pydantic import ConfigDict, Field

from perigee_api.analysis import MissingAnswerPolicy
from perigee_api.base import Schema, Timestamp
from perigee_api.rules import Rule, rules

LONGEST_EVIDENCE: Final = 1024
"""Characters: what is kept of a comparison is a few numbers, however long it lasts."""
LONGEST_COMPARISON: Final = 512
"""Characters of a comparison as JSON."""


class ReportComparison(Schema):
    """Requests that the candidate answered, compared with those of the stable revision.

    Within each satellite, in the same part of the orbit, and put together over all of them. It
    passes once it is shown that the candidate is not worse by as much as these margins, and fails
    once it is shown that it is worse by more.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "self.maxTailSlowdown >= self.maxSlowdown",
                "maxTailSlowdown must not be below maxSlowdown: slow answers vary more than others",
                field=".maxTailSlowdown",
            )
        )
    )

    max_slowdown: float = Field(
        default=0.19,
        ge=0.09,
        le=7,
        description="By how much the candidate's answers may be slower, as a share: 0.19 for 19 %. "
        "Taken to the nearest power of 1.09, which is how wide the buckets of latency are.",
    )
    max_tail_slowdown: float = Field(
        default=0.3,
        ge=0.09,
        le=7,
        description="The same for the slow answers: those at the 95th percentile.",
    )
    max_more_errors: float = Field(
        default=0.005,
        gt=0,
        le=1,
        description="By how much its share of errors may be higher: 0.005 for half a percentage "
        "point.",
    )
    on_no_data: MissingAnswerPolicy = Field(
        default=MissingAnswerPolicy(),
        description="Where nothing can be compared yet: nobody asks, all are in the dark, the "
        "stable revision has served there too little before, or agents are of an older version.",
    )
    on_inconclusive: MissingAnswerPolicy = Field(
        default=MissingAnswerPolicy(),
        description="Where it has been shown neither worse nor as good. With little traffic that "
        "lasts long.",
    )


class ComparisonStatus(Schema):
    """What was found by comparing so far.

    Written when something follows from it and else once a minute at most.
    """

    step: int = Field(ge=0, description="Index of the step that the comparison belongs to.")
    definition: str = Field(
        max_length=8,
        description="Digest of how it is compared: one that is changed begins anew.",
    )
    terms: str = Field(
        max_length=LONGEST_COMPARISON,
        description="The comparison as JSON: so it goes on while there is no such RolloutPolicy.",
    )
    started: Timestamp = Field(description="What had ended before is not compared.")
    verdict: str = Field(default="NoData", description="Pass, Fail, NoData or Inconclusive.")
    blocks: int = Field(
        default=0, ge=0, description="Spans of time, each of one satellite, that were compared."
    )
    requests: int = Field(default=0, ge=0, description="That the candidate answered in them.")
    errors: int = Field(default=0, ge=0, description="Of these, those that it failed.")
    last_heard: Timestamp | None = Field(
        default=None, description="When the last of them was heard of."
    )
    evidence: str = Field(
        default="",
        max_length=LONGEST_EVIDENCE,
        description="What the operator goes on from, as JSON.",
    )
