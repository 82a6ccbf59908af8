"""Where a model's rollout is, and what was decided about its rollouts before."""

from typing import Annotated

from pydantic import Field

from perigee_api.analysis import MetricStatus
from perigee_api.base import Schema, Timestamp
from perigee_api.comparison import ComparisonStatus
from perigee_api.drift import DriftStatus
from perigee_api.shadow import ShadowStatus


class NextWave(Schema):
    """How far the delivery is that goes ahead of the next wave."""

    satellites: int = Field(ge=0, description="That it lets in beside those of now.")
    on_board: int = Field(ge=0, description="So many of them have all files, verified.")


class RolloutStatus(Schema):
    """Where a rollout is."""

    candidate: str = Field(description="The revision that is being introduced.")
    step: int = Field(default=0, ge=0, description="Index of the step under way.")
    all_passed: bool = Field(
        default=False, description="All steps have passed; the candidate reaches its full number."
    )
    direct: bool = Field(
        default=False, description="A revision of the history or the first one: no steps."
    )
    wave: int = Field(default=0, ge=0, description="Satellites that may run the candidate.")
    members: str = Field(default="", description="Digest of their names.")
    members_since: Timestamp | None = Field(
        default=None, description="Since when it is these: deadlines count from then."
    )
    next_wave: NextWave | None = Field(
        default=None, description="While its files are sent ahead: how far that is."
    )
    weight: int = Field(default=0, ge=0, le=100, description="Share of ground requests asked, %.")
    started: Timestamp = Field(description="When the rollout began.")
    step_started: Timestamp = Field(description="When the step under way began.")
    held: bool = Field(default=False, description="A person has paused it, until Resume.")
    withheld_since: Timestamp | None = Field(
        default=None, description="Since when nothing of it may be started; the message says why."
    )
    reverted: bool = Field(
        default=False,
        description="At the end of a window the stable revision was put back: it serves wherever "
        "it can be reached, until the next one opens.",
    )
    let_go_on: Timestamp | None = Field(
        default=None, description="When it was last let go on. Deadlines count from then on."
    )
    idle: bool = Field(
        default=False,
        description="Only a person or another spec leads it on, not satellites and time: it does "
        "not count among the rollouts that may be under way at once.",
    )
    analysis: Annotated[list[MetricStatus], Field(max_length=64)] = Field(
        default_factory=list, description="The metrics that are measured, in the order of steps."
    )
    comparison: ComparisonStatus | None = Field(
        default=None, description="What was found by comparing what satellites report."
    )
    shadow: ShadowStatus | None = Field(
        default=None, description="What was found of the candidate's answers beside the stable's."
    )
    drift: DriftStatus | None = Field(
        default=None, description="How far its requests and answers are from its golden set."
    )


class AbortedRollout(Schema):
    """A revision that did not make it; not tried again until `spec` has named another."""

    revision: str = Field(description="The revision.")
    reason: str = Field(description="Why it was given up, in one CamelCase word.")
    message: str = Field(description="Why it was given up, in a sentence for a person.")
    time: Timestamp = Field(description="When it was given up.")


class PinnedRevision(Schema):
    """A way back that a person chose: `spec` is not followed until it names another revision."""

    revision: str = Field(description="The revision that is to serve.")
    instead_of: str = Field(description="The revision that the spec names.")
    by: str = Field(description="Who chose it.")
    time: Timestamp = Field(description="When.")


class HistoryEntry(Schema):
    """Something that was decided about the model's rollouts."""

    time: Timestamp = Field(description="When.")
    reason: str = Field(description="What, in one CamelCase word, as in the Event.")
    revision: str = Field(default="", description="The revision that it is about.")
    message: str = Field(default="", max_length=1024, description="What and why, with the figures.")
    by: str = Field(default="", description="The person who asked for it, if one did.")
    action: str = Field(default="", description="uid of the RolloutAction, if there was one.")
