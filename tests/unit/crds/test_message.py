"""What parts tell each other can always be sent."""

import pytest

from perigee_api.heartbeat import ArtifactReport, ArtifactState, RolledBack
from perigee_api.message import Message
from perigee_api.termination import Termination, TerminationReason

UNSENDABLE = b"scene-\xe9.npz is damaged".decode(errors="surrogateescape")
"""As Python has the name of a file that is no UTF-8."""


@pytest.mark.parametrize(
    "message",
    [
        ArtifactReport(state=ArtifactState.FAILED, message=UNSENDABLE),
        RolledBack(pod="u", model="d/m", failed="b", revision="a", reason="R", message=UNSENDABLE),
        Termination(reason=TerminationReason.MODEL_UNREADABLE, message=UNSENDABLE),
    ],
)
def test_a_sentence_with_the_name_of_such_a_file_is_sent(message: Message | Termination) -> None:
    assert "scene-?.npz is damaged" in message.model_dump_json()
