"""How a new revision of a model is introduced."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field

from perigee_api.analysis import MEASURED_STEPS
from perigee_api.base import Schema, Timestamp
from perigee_api.predecessor import Predecessor
from perigee_api.rollout_times import AtWindowEnd, Times
from perigee_api.rules import Rule, rules
from perigee_api.step import Step
from perigee_api.swap import RolloutStrategy

Percent = Annotated[str, Field(pattern=r"^(100|[1-9]?[0-9])%$", max_length=4)]

DEFAULT_DEADLINE_S: Final = 600
DEFAULT_UNREACHABLE_PERCENT: Final = 20
DEFAULT_UNAVAILABLE: Final = 1


class RolloutTerms(Schema):
    """What models and policies alike can say about rollouts."""

    steps: Annotated[
        list[Step],
        Field(
            max_length=32,
            json_schema_extra=rules(
                Rule(
                    "self.filter(step, has(step.analysis) && has(step.analysis.metrics)).size() "
                    f"<= {MEASURED_STEPS}",
                    f"at most {MEASURED_STEPS} steps may have metrics",
                ),
                Rule(
                    "self.filter(step, has(step.analysis) && has(step.analysis.comparison)).size() "
                    "<= 1",
                    "at most one step may have a comparison: it goes on until the rollout ends, "
                    "and its risk of a false alarm is that of the whole rollout",
                ),
                Rule(
                    "self.filter(step, has(step.analysis) && has(step.analysis.drift)).size() <= 1",
                    "at most one step may have a drift: it goes on until the rollout ends",
                ),
                Rule(
                    "self.filter(step, has(step.shadow)).size() <= 1",
                    "at most one step may be a shadow: it goes on until the rollout ends, and its "
                    "risk of a false alarm is that of the whole rollout",
                ),
                Rule(
                    "self.map(step, has(step.shadow) ? 0 : "
                    "has(step.weight) && step.weight > 0 ? 1 : 2)"
                    ".filter(kind, kind < 2).isSorted()",
                    "shadow must come before the first weight: where the candidate itself is "
                    "asked, nothing is handed on to it",
                ),
            ),
        ),
    ] = Field(
        default_factory=list,
        description="Taken one after the other; with none, the candidate goes to all satellites "
        "at once.",
    )
    deadline: float | None = Field(
        default=None,
        gt=0,
        le=31_536_000,
        description="Seconds of contact that a satellite has to make the candidate ready, once its "
        "artifact is on board. For that it has twice what its uplink takes for the bytes, and "
        f"these seconds beside. {DEFAULT_DEADLINE_S}, if nobody says.",
    )
    max_unreachable: Percent | None = Field(
        default=None,
        description="Share of a wave's satellites that need not have passed; "
        f"{DEFAULT_UNREACHABLE_PERCENT}%, if nobody says.",
    )

    strategy: RolloutStrategy | None = Field(
        default=None,
        description="SideBySide, if nobody says: a satellite's copy serves beside that of another "
        "revision until that does, and without room for both none comes. Replace: once the other's "
        "files are on board and verified, and the satellite is in contact, the copy is asked no "
        "more, ends, and the other starts in its place and serves once verified, whatever the "
        "weight; meanwhile nobody serves the model there, on board neither. Going back is done "
        "likewise. Auto: side by side where there is room, else as with Replace.",
    )
    max_unavailable: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="On so many satellites that could serve the model nobody may, for a swap or "
        f"otherwise, when one begins to swap; {DEFAULT_UNAVAILABLE}, if nobody says. The last copy "
        "that serves goes only where the model has no more than one, and this is given.",
    )

    windows: Annotated[list[Times], Field(max_length=16)] | None = Field(
        default=None,
        description="Only then is anything started: a new revision, the next step, another "
        "satellite of a wave. What has begun to be delivered or to serve goes on, evidence aborts "
        "at any time, and the way back to a revision that has served before is always open. "
        "Always, if none are given; those of a model take the place of its policy's, and an empty "
        "list means always.",
    )
    blackouts: Annotated[list[Times], Field(max_length=64)] = Field(
        default_factory=list,
        description="Then nothing is started, windows or not. Those of a model and of its policy "
        "add up, so that a freeze of the whole fleet is not lifted by a model.",
    )
    not_before: Timestamp | None = Field(
        default=None, description="Nothing is started before that moment."
    )
    only_in_contact: bool | None = Field(
        default=None,
        description="true: a satellite is started on only while it is in contact. Otherwise those "
        "that are dark may be told to begin at their next pass, whenever that is.",
    )
    prefetch: bool | None = Field(
        default=None,
        description="false: a satellite is told to fetch a revision's files when its step begins. "
        "Otherwise those of the next wave are told a wave ahead, while the wave under way goes "
        "well: after all that they need more urgently, and without a Pod before their step. So the "
        "bytes of one wave more are spent on a candidate that fails.",
    )
    at_window_end: AtWindowEnd | None = Field(
        default=None,
        description="What becomes of a rollout under way when nothing may be started any more. "
        "hold, if nobody says: it stays where it is, and what serves of the candidate goes on "
        "serving. revert: the stable revision serves again on the satellites that are in reach, on "
        "others once they are; the candidate stays on board, and in the next window the step under "
        "way begins anew. So a pause that is longer than the windows never passes. Where the "
        "candidate has taken the stable revision's place it serves on.",
    )

    @property
    def reverts(self) -> bool:
        """Whether the candidate ceases to serve at a window's end."""
        return self.at_window_end is AtWindowEnd.REVERT

    @property
    def prefetches(self) -> bool:
        """Whether files of the next wave are sent ahead."""
        return self.prefetch is not False

    @property
    def placing(self) -> RolloutStrategy:
        """How a satellite goes from one revision to another."""
        return self.strategy or RolloutStrategy.SIDE_BY_SIDE

    @property
    def unavailable(self) -> int:
        """Satellites that may be without a copy that serves."""
        return self.max_unavailable or DEFAULT_UNAVAILABLE

    @property
    def deadline_s(self) -> float:
        """Seconds of contact that a satellite has."""
        return DEFAULT_DEADLINE_S if self.deadline is None else self.deadline

    @property
    def unreachable_percent(self) -> float:
        """Share of a wave's satellites that need not have passed."""
        if self.max_unreachable is None:
            return DEFAULT_UNREACHABLE_PERCENT
        return float(self.max_unreachable.removesuffix("%"))


class Rollout(RolloutTerms):
    """How a new revision is introduced."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!has(self.policy) || !has(self.steps)",
                "steps and policy cannot both be given, as nobody could tell which are taken: take "
                "the steps away (kubectl patch: steps: null), or the policy",
                field=".steps",
            )
        )
    )

    policy: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        description="The RolloutPolicy whose steps are taken. Of its other fields, those that are "
        "given here win. A change of the policy counts from the next look on, for rollouts under "
        "way as well: the step of the same number goes on, or the last one where there are fewer. "
        "While there is no such policy, or it makes no sense, rollouts wait; what serves goes on "
        "serving, and the way back to a revision that has served before stays open.",
    )
    after: Annotated[
        list[Predecessor],
        Field(
            max_length=16,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["model"],
            },
        ),
    ] = Field(
        default_factory=list,
        description="Models of the same namespace that come first: no revision of this model is "
        "introduced, the first one included, until all of them are promoted. A rollout that is "
        "under way goes on whatever becomes of them, and the way back to a revision that has "
        "served before waits for nobody.",
    )
    history_limit: int = Field(
        default=5,
        ge=1,
        le=50,
        description="Revisions kept for the way back, beside the two in use.",
    )
