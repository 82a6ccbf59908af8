"""How a model's container says why it ended: exit status and termination message.

The kubelet copies the message into the Pod's status, so that the operator, and anybody with
kubectl, reads on the ground what failed on board.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from perigee_api.message import Sentence


class TerminationReason(StrEnum):
    """Why a model's container gave up."""

    GOLDEN_SET_FAILED = "GoldenSetFailed"
    MODEL_UNREADABLE = "ModelUnreadable"
    ARTIFACT_MISSING = "ArtifactMissing"
    CONFIGURATION_INVALID = "ConfigurationInvalid"


EXIT_STATUS = {
    TerminationReason.CONFIGURATION_INVALID: 64,
    TerminationReason.MODEL_UNREADABLE: 65,
    TerminationReason.ARTIFACT_MISSING: 66,
    TerminationReason.GOLDEN_SET_FAILED: 67,
}
"""From 64 on, after sysexits(3), so that they are told from a crash."""


class Termination(BaseModel):
    """The termination message, as JSON."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    reason: TerminationReason
    message: Sentence = Field(max_length=1000)
    """A sentence for a person, with the figures."""
