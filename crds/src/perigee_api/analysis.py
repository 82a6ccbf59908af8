"""What is measured of a candidate while it is introduced, and what was found so far."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from perigee_api.base import Schema, Timestamp
from perigee_api.rules import Rule, exactly_one_of, rules

NO_LIMIT: Final = -1
"""As a limit: none."""
MEASURED_STEPS: Final = 8
"""Steps of a rollout that may have metrics: what is kept of all of them has to be small."""
LONGEST_TERMS: Final = 8192
"""Characters of a metric as JSON: of any that is not made of backslashes."""

_NUMBER: Final = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"
_COMPARISON: Final = rf"\s*value\s*(<=|>=|==|!=|<|>)\s*{_NUMBER}\s*"
_CONDITION: Final = rf"^{_COMPARISON}((&&|[|][|]){_COMPARISON})*$"
PLACEHOLDERS: Final = ("model", "namespace", "candidate", "stable")
"""What `$(...)` in a query may stand for."""
_QUERY: Final = rf"^([^$]|[$][^(]|[$][(]({'|'.join(PLACEHOLDERS)})[)])*[$]?$"

ValueCondition = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        json_schema_extra=rules(
            Rule(
                f"self.matches(r'{_CONDITION}')",
                "write 'value', one of < <= > >= == !=, and a number; join comparisons by && or ||",
            )
        ),
    ),
]
"""Comparisons of ``value`` with numbers: ``value < 0.05``, ``value >= 0.98 && value < 2``."""

MetricName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=63)
]


class PrometheusQuery(Schema):
    """A value that a Prometheus server knows."""

    address: Annotated[
        str, Field(pattern=r"^https?://[^\s?#]+$", min_length=10, max_length=2048)
    ] = Field(description="Of the server, as the operator reaches it: http://prometheus:9090.")
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2000,
            json_schema_extra=rules(
                Rule(
                    f"self.matches(r'{_QUERY}')",
                    f"$(...) stands for {', '.join(PLACEHOLDERS)} only",
                )
            ),
        ),
    ] = Field(
        description="In PromQL. $(model), $(namespace), $(candidate) and $(stable) stand for "
        "the model's name and namespace, and the names of the two revisions. It gives a scalar or "
        "an instant vector. Of several samples each is judged: one that fails is enough. No sample "
        "is no data, and NaN is no sample."
    )


class AnalysisJob(Schema):
    """A Job of the user's own that says how the candidate does."""

    cron_job: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
            min_length=1,
            max_length=52,
        ),
    ] = Field(
        description="A CronJob in the model's namespace with the label "
        "perigee.space/analysis=true, mostly a suspended one. Each measurement is a Job by its "
        "jobTemplate, told PERIGEE_MODEL, PERIGEE_NAMESPACE, PERIGEE_CANDIDATE and PERIGEE_STABLE "
        "as environment variables. An exit status other than 0 is a failure. With 0, each line "
        "'value 0.93' of its termination message is judged by the conditions; if there are none it "
        "is a success. One that cannot be run to its end is a source that is down."
    )


class MissingAnswerAction(StrEnum):
    """What is done where a metric has no answer."""

    HOLD = "Hold"
    ABORT = "Abort"
    CONTINUE = "Continue"


class MissingAnswerPolicy(Schema):
    """What is done where a metric has no answer, and after how long."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "self.action != 'Hold' || self.after == 0.0",
                "what is held is held at once: after goes with Abort and Continue",
                field=".after",
            )
        )
    )

    action: MissingAnswerAction = Field(
        default=MissingAnswerAction.HOLD,
        description="Hold waits until there is an answer, Abort gives the candidate up, Continue "
        "lets the step pass.",
    )
    after: float = Field(
        default=0,
        ge=0,
        le=31_536_000,
        description="Seconds for which it is held before it is aborted or continued.",
    )


class AnalysisMetric(Schema):
    """A value that is measured again and again; names and meanings are Argo Rollouts'.

    From its step on it is measured until the rollout ends: one that has passed can still fail.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            exactly_one_of("prometheus", "job"),
            Rule(
                "has(self.job) || has(self.successCondition) || has(self.failureCondition)",
                "a successCondition or a failureCondition must be given",
            ),
            Rule(
                "has(self.interval) || !has(self.count) || self.count == 1",
                "interval must be given for more than one measurement",
                field=".interval",
            ),
            Rule(
                "!has(self.interval) || has(self.count) || self.consecutiveSuccessLimit > 0",
                "count or consecutiveSuccessLimit must be given, or the step would never pass",
                field=".count",
            ),
            Rule(
                "self.consecutiveSuccessLimit <= "
                "(has(self.count) ? self.count : has(self.interval) ? 100000 : 1)",
                "so many measurements in a row are never made",
                field=".consecutiveSuccessLimit",
            ),
        )
    )

    name: MetricName = Field(description="Unique within its analysis.")
    prometheus: PrometheusQuery | None = None
    job: AnalysisJob | None = None
    interval: float | None = Field(
        default=None,
        ge=1,
        le=86_400,
        description="Seconds between measurements; if not given, there is one.",
    )
    count: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Measurements with a value after which the metric has passed.",
    )
    success_condition: ValueCondition | None = Field(
        default=None,
        description="On `value`: 'value < 0.05', joined by && and ||. If not given: the opposite "
        "of failureCondition.",
    )
    failure_condition: ValueCondition | None = Field(
        default=None,
        description="On `value`. If not given: the opposite of successCondition. What meets "
        "neither is inconclusive; what meets both has failed.",
    )
    failure_limit: int = Field(
        default=0,
        ge=NO_LIMIT,
        le=100_000,
        description="Failures that are allowed; with more the rollout is aborted. -1: all.",
    )
    inconclusive_limit: int = Field(
        default=0,
        ge=NO_LIMIT,
        le=100_000,
        description="Inconclusive measurements that are allowed. -1: all.",
    )
    consecutive_success_limit: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="Successes in a row with which the metric has passed; 0: they do not count. "
        "Measurements without a value break no row.",
    )
    on_no_data: MissingAnswerPolicy = Field(
        default=MissingAnswerPolicy(),
        description="Where the source has no value: nobody asked, or all are in the dark.",
    )
    on_source_down: MissingAnswerPolicy = Field(
        default=MissingAnswerPolicy(), description="Where the source does not answer."
    )
    on_inconclusive: MissingAnswerPolicy = Field(
        default=MissingAnswerPolicy(),
        description="Where there are more inconclusive measurements than inconclusiveLimit, or "
        "count is reached without enough successes in a row.",
    )


class MetricStatus(Schema):
    """What has been measured of a metric so far.

    Written when something follows from it and else once a minute at most, so counts may lag
    behind by a minute's successes.
    """

    step: int = Field(ge=0, description="Index of the step that the metric belongs to.")
    name: str = Field(max_length=63, description="Its name there.")
    definition: str = Field(
        max_length=8,
        description="Digest of how it is measured: one that is changed is measured anew.",
    )
    terms: str = Field(
        default="",
        max_length=LONGEST_TERMS,
        description="The metric as JSON, where a RolloutPolicy has it: so it is measured on while "
        "there is no such policy.",
    )
    started: Timestamp = Field(description="From when on it is measured.")
    verdict: str = Field(
        default="Running",
        description="Pass, Fail, NoData, SourceDown, Inconclusive or Running.",
    )
    since: Timestamp | None = Field(default=None, description="When that was first found.")
    successes: int = Field(default=0, ge=0, description="Measurements that succeeded.")
    failures: int = Field(default=0, ge=0, description="Measurements that failed.")
    inconclusive: int = Field(default=0, ge=0, description="Measurements that met neither.")
    in_a_row: int = Field(default=0, ge=0, description="Successes since the last that was none.")
    last_measured: Timestamp | None = Field(default=None, description="When it was measured last.")
    last_result: str | None = Field(
        default=None, description="Pass, Fail, Inconclusive, NoData or SourceDown."
    )
    last_value: str | None = Field(
        default=None,
        max_length=32,
        description="The last value that there was, as text: a quotient may be infinite.",
    )
    last_fault: str = Field(
        default="", max_length=256, description="Why there was no value the last time."
    )
