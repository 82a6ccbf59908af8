import pytest

from paper_fleet.views import at
from perigee_api.inference_model import RolloutStatus
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.turn import started, superseded
from perigee_operator.domain.writes import EventType


def state(candidate: str | None, stable: str | None = "a", *, direct: bool = False) -> RolloutState:
    if candidate is None:
        return RolloutState(stable=stable)
    status = RolloutStatus(candidate=candidate, direct=direct, started=at(0), step_started=at(0))
    return RolloutState(stable=stable, rollout=status)


def told(notes: tuple[Note, ...]) -> list[tuple[str, str, str]]:
    assert all(note.type is EventType.NORMAL for note in notes)
    return [(note.reason, note.revision, note.message) for note in notes]


@pytest.mark.parametrize(
    ("before", "wanted", "message"),
    [
        (state("b"), "c", "Revision b gives way to c."),
        (state("b"), "a", "Revision b gives way to a, which serves."),
        (state("b", None), "c", "Revision b gives way to c."),
        (state("b"), "b", None),
        (state(None), "b", None),
        (state(None), "a", None),
    ],
)
def test_who_gives_way_to_whom_is_told(
    before: RolloutState, wanted: str, message: str | None
) -> None:
    expected = [] if message is None else [("RolloutSuperseded", "b", message)]
    assert told(superseded(before, wanted)) == expected


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (state(None), state("b"), "Revision b is introduced step by step."),
        (state(None), state("b", direct=True), "Revision b is introduced directly."),
        (state("c"), state("b"), "Revision b is introduced step by step."),
        (state("b"), state("b"), None),
        (state("b"), state(None), None),
    ],
)
def test_what_is_introduced_is_told(
    before: RolloutState, after: RolloutState, message: str | None
) -> None:
    expected = [] if message is None else [("RolloutStarted", "b", message)]
    assert told(started(before, after)) == expected
