"""RolloutAction: what a person asks of a rollout, now."""

from enum import StrEnum
from typing import Final

from pydantic import ConfigDict, Field

from perigee_api import names
from perigee_api.base import Schema, Timestamp
from perigee_api.resource import WIDE, Column, Resource
from perigee_api.rules import Rule, rules


class RolloutVerb(StrEnum):
    """What can be asked."""

    PROMOTE = "Promote"
    SKIP = "Skip"
    PAUSE = "Pause"
    RESUME = "Resume"
    ABORT = "Abort"
    RETRY = "Retry"
    ROLL_BACK = "RollBack"


class RolloutActionSpec(Schema):
    """What is asked, of which model, and by whom."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule("self == oldSelf", "an action cannot be changed: create another one")
        )
    )

    model: str = Field(
        min_length=1,
        max_length=names.LONGEST_MODEL_NAME,
        description="The InferenceModel, of the same namespace.",
    )
    verb: RolloutVerb = Field(
        description="Promote: all steps count as passed; the candidate is still verified on board "
        "before it serves. Skip: the step under way counts as passed. Pause: the rollout stays "
        "where it is. Resume: it goes on; a step that waits for a person counts as passed. Abort: "
        "the stable revision serves again. Retry: the revision that the spec names is tried again, "
        "after an abort or a way back. RollBack: a revision of the history serves again, without "
        "steps, whatever the spec names until it names another."
    )
    revision: str | None = Field(
        default=None,
        min_length=1,
        max_length=63,
        description="For RollBack, where to: the revision before the stable one, if not given. For "
        "the others, the candidate that is meant: the action is refused if it is another by then.",
    )
    by: str = Field(
        min_length=1,
        max_length=256,
        description="Who asks: the user's name, as the API server knows it. Another's is refused.",
    )
    reason: str = Field(default="", max_length=500, description="Why, for the history.")


class ActionState(StrEnum):
    """What has become of an action."""

    DONE = "Done"
    REFUSED = "Refused"


class RolloutActionStatus(Schema):
    """What has become of an action; written once."""

    state: ActionState | None = None
    message: str = Field(default="", max_length=1000, description="What was done, or why not.")
    time: Timestamp | None = Field(default=None, description="When it was looked at.")


RESOURCE: Final = Resource(
    kind="RolloutAction",
    plural="rolloutactions",
    short_name="raction",
    namespaced=True,
    description="What a person asks of a model's rollout: promote, skip, pause, resume, abort, "
    "retry, roll back. It is carried out once and kept as a record, the last twenty of a model. "
    "A resource of its own, so that GitOps has nothing to revert, and the right to create it is "
    "granted apart from the right to change models.",
    spec=RolloutActionSpec,
    status=RolloutActionStatus,
    name_rules=(),
    columns=(
        Column("Model", ".spec.model", "The model."),
        Column("Verb", ".spec.verb", "What is asked."),
        Column("Revision", ".spec.revision", "Which revision is meant."),
        Column("By", ".spec.by", "Who asks."),
        Column("State", ".status.state", "What has become of it."),
        Column("Age", ".metadata.creationTimestamp", "Since it was asked.", type="date"),
        Column("Message", ".status.message", "What was done, or why not.", priority=WIDE),
        Column("Reason", ".spec.reason", "Why it was asked.", priority=WIDE),
    ),
)
