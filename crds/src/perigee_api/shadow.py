"""How a candidate answers beside the stable revision on board, for nobody but the comparison."""

from typing import Annotated, Final

from pydantic import Field

from perigee_api.analysis import MissingAnswerPolicy
from perigee_api.base import Schema, Timestamp

SHADOWING_SATELLITES: Final = 128
"""Satellites that are told apart; what others compare counts with all the rest."""
LONGEST_SHADOW_TERMS: Final = 512
"""Characters of a shadow step as JSON."""
LONGEST_SHADOW_EVIDENCE: Final = 24 * 1024
"""Characters: a few numbers for each satellite that is told apart."""


class Shadow(Schema):
    """The candidate answers a share of what the stable revision is asked on the same satellite.

    It runs on the wave's satellites, and nobody is answered by it. Once the stable revision has
    answered a request, its server hands some of them on to the candidate, one at a time and only
    while it has nothing else to do; whether the two answers agree is judged by the golden set's
    metric and threshold. It passes once it is shown that at least this share agrees, and fails once
    it is shown that less does: of all satellites together, or on one of them.
    """

    percent: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Share of the requests that are handed on, at most: what does not fit into a "
        "twentieth of the time is left out.",
    )
    agreement: float = Field(
        default=0.98,
        ge=0.5,
        le=0.9999,
        description="Share of the answers that have to agree. One that the candidate fails to give "
        "does not.",
    )
    requests_per_satellite: int = Field(
        default=20,
        ge=1,
        le=100_000,
        description="Answers that have to be compared on each satellite of the wave; with fewer it "
        "has no data.",
    )
    on_no_data: MissingAnswerPolicy = Field(
        default=MissingAnswerPolicy(),
        description="Where more of the wave's satellites than maxUnreachable allows have compared "
        "too few answers: nobody asks there, they are in the dark, or their agent or the stable "
        "revision's server is of an older version.",
    )
    on_inconclusive: MissingAnswerPolicy = Field(
        default=MissingAnswerPolicy(),
        description="Where it has been shown neither that enough agree nor that they do not. It "
        "takes some 250 answers that all agree to show 96 %, 500 to show 98 %.",
    )


class ShadowedSatellite(Schema):
    """What was compared on one satellite."""

    node: str = Field(max_length=253, description="Name of its Node.")
    compared: int = Field(default=0, ge=0, description="Answers of both revisions.")
    agreed: int = Field(default=0, ge=0, description="Of these, those that agree.")
    failed: int = Field(default=0, ge=0, description="Requests that the candidate did not answer.")


class ShadowStatus(Schema):
    """What was found of the candidate's answers so far.

    Written when something follows from it and else once a minute at most.
    """

    step: int = Field(ge=0, description="Index of the step.")
    definition: str = Field(
        max_length=8, description="Digest of how it is judged: one that is changed begins anew."
    )
    terms: str = Field(
        max_length=LONGEST_SHADOW_TERMS,
        description="The step as JSON: so it goes on while there is no such RolloutPolicy.",
    )
    started: Timestamp = Field(description="What had ended before does not count.")
    verdict: str = Field(default="NoData", description="Pass, Fail, NoData or Inconclusive.")
    compared: int = Field(default=0, ge=0, description="Answers of both revisions.")
    agreed: int = Field(default=0, ge=0, description="Of these, those that agree.")
    failed: int = Field(default=0, ge=0, description="Requests that the candidate did not answer.")
    dropped: int = Field(
        default=0,
        ge=0,
        description="Requests that were to be handed on and were not: there was no time for them, "
        "or another request came meanwhile.",
    )
    satellites: Annotated[list[ShadowedSatellite], Field(max_length=SHADOWING_SATELLITES)] = Field(
        default_factory=list, description="In the order in which they were heard of."
    )
    last_heard: Timestamp | None = Field(
        default=None, description="When the last of it was heard of."
    )
    evidence: str = Field(
        default="",
        max_length=LONGEST_SHADOW_EVIDENCE,
        description="What the operator goes on from, as JSON.",
    )
