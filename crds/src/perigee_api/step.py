"""The steps of a rollout: how far a candidate may go, and what must hold before it goes on."""

from typing import Annotated

from pydantic import ConfigDict, Field

from perigee_api.analysis import AnalysisMetric
from perigee_api.base import Schema
from perigee_api.comparison import ReportComparison
from perigee_api.drift import Drift
from perigee_api.rules import Rule, exactly_one_of, rules
from perigee_api.shadow import Shadow
from perigee_api.wave import Wave


class GoldenAnalysis(Schema):
    """Every satellite of the wave has passed its golden set."""


class Analysis(Schema):
    """What must hold before the rollout goes on."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.golden) || has(self.metrics) || has(self.comparison) || has(self.drift)",
                "at least one analysis must be given: golden, metrics, comparison or drift",
            )
        )
    )

    golden: GoldenAnalysis | None = None
    metrics: (
        Annotated[
            list[AnalysisMetric],
            Field(
                min_length=1,
                max_length=8,
                json_schema_extra={
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                },
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="All of them have to pass. They are measured once the candidate is verified "
        "on the wave's satellites, and from then on until the rollout ends: with too many failures "
        "it is aborted, whichever step is under way.",
    )
    comparison: ReportComparison | None = Field(
        default=None,
        description="The requests that satellites report to have answered, compared with the "
        "stable revision's. As with metrics: from the step on until the rollout ends.",
    )
    drift: Drift | None = Field(
        default=None,
        description="The scores and inputs of the requests that the candidate answered, compared "
        "with its golden set's. As with metrics: from the step on until the rollout ends.",
    )


class Pause(Schema):
    """How long the candidate must have served before the rollout goes on: at most one of these.

    With none, until a person says go: by a RolloutAction with the verb Resume.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "[has(self.contactTime), has(self.serving), has(self.duration)]"
                ".filter(given, given).size() <= 1",
                "at most one of contactTime, serving and duration may be given",
            )
        )
    )

    contact_time: float | None = Field(
        default=None,
        gt=0,
        le=31_536_000,
        description="Seconds of contact of each satellite, from when the candidate is verified "
        "there.",
    )
    serving: float | None = Field(
        default=None,
        gt=0,
        le=31_536_000,
        description="Seconds for which the candidate is verified on each satellite, in contact or "
        "not.",
    )
    duration: float | None = Field(
        default=None,
        gt=0,
        le=31_536_000,
        description="Seconds of wall-clock time, on each satellite from when the candidate is "
        "verified there.",
    )

    @property
    def awaits_person(self) -> bool:
        """It lasts until somebody says go."""
        return self.contact_time is None and self.serving is None and self.duration is None


class Step(Schema):
    """A step of a rollout: exactly one of these."""

    model_config = ConfigDict(
        json_schema_extra=rules(exactly_one_of("wave", "analysis", "weight", "pause", "shadow"))
    )

    wave: Wave | None = None
    analysis: Analysis | None = None
    weight: int | None = Field(
        default=None, ge=0, le=100, description="The candidate's share of ground requests, %."
    )
    pause: Pause | None = None
    shadow: Shadow | None = None

    @property
    def widens(self) -> bool:
        """Whether it may let in more satellites than the steps before."""
        return self.wave is not None or self.weight is not None
