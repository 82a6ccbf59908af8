"""RolloutActions are carried out once each, answered, and kept for a while."""

from dataclasses import replace
from typing import Any

from paper_fleet.views import at
from perigee_api.inference_model import HISTORY_LIMIT, HistoryEntry, RolloutStatus
from perigee_api.rollout_action import RolloutActionSpec, RolloutVerb
from perigee_operator.domain.fleet import ActionView
from perigee_operator.domain.rollout.actions import KEPT, Asked, asked, lone_tracks
from perigee_operator.domain.rollout.note import Note, extended
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.verbs import Bearings
from perigee_operator.domain.writes import Apply, Delete, EventType

BEARINGS = Bearings("b", frozenset({"a"}), (), at(60))
STATE = RolloutState(
    stable="a", rollout=RolloutStatus(candidate="b", started=at(0), step_started=at(0))
)


def action(
    number: int, verb: RolloutVerb = RolloutVerb.PAUSE, *, answered: bool = False
) -> ActionView:
    return ActionView(
        name=f"action-{number}",
        namespace="default",
        uid=f"uid-{number}",
        spec=RolloutActionSpec(model="m", verb=verb, by="alice"),
        spec_error=None,
        answered=answered,
        created_at=at(number),
    )


def answers(found: Asked) -> dict[str, Any]:
    return {
        write.key.name: write.body["status"]["state"]
        for write in found.writes
        if isinstance(write, Apply)
    }


def test_the_oldest_comes_first_and_the_others_wait() -> None:
    given = [action(1, answered=True), action(2), action(3, RolloutVerb.RESUME)]
    found = asked(given, STATE, [], BEARINGS)
    assert found.state.rollout is not None
    assert found.state.rollout.held
    assert found.more
    assert answers(found) == {"action-2": "Done"}
    (note,) = found.notes
    assert (note.reason, note.by, note.asked_by) == ("RolloutPaused", "alice", "uid-2")
    assert note.message == "alice asked for Pause: Revision b stays where it is."


def test_what_the_history_has_is_not_done_again() -> None:
    entry = HistoryEntry(time=at(5), reason="RolloutPaused", message="done", action="uid-2")
    found = asked([action(2)], STATE, [entry], BEARINGS)
    assert (found.state, found.notes) == (STATE, ())
    assert answers(found) == {"action-2": "Done"}


def test_what_makes_no_sense_is_refused_and_changes_nothing() -> None:
    senseless = replace(action(3), spec=None, spec_error="verb: Input should be 'Promote'")
    for given in (action(2, RolloutVerb.RESUME), senseless):
        found = asked([given], STATE, [], BEARINGS)
        assert (found.state, found.notes) == (STATE, ())
        assert answers(found) == {given.name: "Refused"}
    (write,) = found.writes
    assert isinstance(write, Apply)
    assert write.body["status"]["message"] == "Spec.verb: Input should be 'Promote'."


def test_the_oldest_answered_ones_make_room() -> None:
    given = [action(number, answered=True) for number in range(KEPT + 2)]
    found = asked(given, STATE, [], BEARINGS)
    gone = [write.key.name for write in found.writes if isinstance(write, Delete)]
    assert gone == ["action-0", "action-1"]


def test_actions_of_no_model_are_refused() -> None:
    tracks = list(lone_tracks([action(1), action(2, answered=True)], at(60)))
    assert [track.name for track in tracks] == ["raction/default/action-1"]
    ((write,),) = (track.writes for track in tracks)
    assert isinstance(write, Apply)
    assert write.body["status"]["message"] == ("There is no InferenceModel m in namespace default.")


def test_the_history_keeps_the_newest() -> None:
    history: list[HistoryEntry] = []
    for number in range(HISTORY_LIMIT + 3):
        note = Note(EventType.NORMAL, "StepPassed", "Rollout", f"message {number}", revision="b")
        history = extended(history, [note], at(number))
    assert len(history) == HISTORY_LIMIT
    assert (history[0].message, history[-1].message) == ("message 3", "message 22")
    assert extended(history, [], at(60)) == history
