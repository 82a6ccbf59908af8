"""RolloutPolicy: how new revisions are introduced, said once for many models."""

from typing import Final

from pydantic import Field

from perigee_api.resource import WIDE, Column, Resource
from perigee_api.rollout import RolloutTerms


class RolloutPolicySpec(RolloutTerms):
    """How the models that name the policy introduce new revisions."""

    note: str = Field(
        default="", max_length=512, description="For whom it is meant, in a sentence for a person."
    )


RESOURCE: Final = Resource(
    kind="RolloutPolicy",
    plural="rolloutpolicies",
    short_name="rpolicy",
    namespaced=False,
    description="How new revisions are introduced: steps and limits that InferenceModels of all "
    "namespaces name by spec.rollout.policy, so that they need not repeat them. Like satellites, "
    "it belongs to the fleet and not to a namespace: who may edit a model cannot thereby make the "
    "steps of others less careful.",
    spec=RolloutPolicySpec,
    status=None,
    name_rules=(),
    columns=(
        Column("Deadline", ".spec.deadline", "Seconds of contact to get ready.", type="number"),
        Column("Unreachable", ".spec.maxUnreachable", "Share of a wave that need not pass."),
        Column(
            "Window",
            ".spec.windows[0].schedule",
            "When the first of its windows opens, as in cron.",
        ),
        Column("Zone", ".spec.windows[0].timeZone", "Of that; UTC, if none.", priority=WIDE),
        Column("At end", ".spec.atWindowEnd", "hold, or revert.", priority=WIDE),
        Column("Age", ".metadata.creationTimestamp", "Since it was created.", type="date"),
        Column("Note", ".spec.note", "For whom it is meant.", priority=WIDE),
    ),
)
