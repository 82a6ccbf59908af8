from perigee_api.heartbeat import AssignedArtifact
from perigee_edge.artifacts.attempts import Attempt, after_failure
from perigee_edge.artifacts.failures import Interrupted
from perigee_edge.artifacts.held import Held
from perigee_edge.artifacts.next_step import Check, Fetch, Rest, is_most_urgent, next_step

A, B, C = (AssignedArtifact(sha256=digit * 64, uri="http://depot/x", size=9) for digit in "abc")
NOW = 100.0


def complete(artifact: AssignedArtifact) -> Held:
    return Held(artifact.sha256, artifact.size, 0, complete=True)


def partial(artifact: AssignedArtifact) -> Held:
    return Held(artifact.sha256, 5, 0, complete=False)


def failed() -> Attempt:
    return after_failure(None, Interrupted("cut"), NOW)


def test_the_most_urgent_missing_artifact_is_fetched() -> None:
    assert next_step([A, B], [partial(B)], {}, {}, NOW) == Fetch(A)
    assert next_step([A, B], [complete(A)], {}, {A.sha256: NOW + 9}, NOW) == Fetch(B)


def test_one_that_has_just_failed_lets_the_next_go_first_until_its_time_comes() -> None:
    assert next_step([A, B], [], {A: failed()}, {}, NOW) == Fetch(B)
    assert next_step([A, B], [], {A: failed()}, {}, NOW + 1) == Fetch(A)


def test_the_same_artifact_from_another_address_has_not_failed() -> None:
    elsewhere = A.model_copy(update={"uri": "http://other/x"})
    assert next_step([elsewhere], [], {A: failed()}, {}, NOW) == Fetch(elsewhere)


def test_assigned_artifacts_are_checked_before_and_others_after_the_fetching() -> None:
    assert next_step([A, B], [complete(C), complete(A)], {}, {}, NOW) == Check(complete(A))
    due = {A.sha256: NOW + 9}
    assert next_step([A, B], [complete(C), complete(A)], {}, due, NOW) == Fetch(B)
    assert next_step([A], [complete(C), complete(A)], {}, due, NOW) == Check(complete(C))


def test_rest_lasts_until_the_first_retry_or_check() -> None:
    due = {A.sha256: NOW + 50}
    assert next_step([A], [complete(A)], {}, due, NOW) == Rest(NOW + 50)
    assert next_step([A, B], [complete(A)], {B: failed()}, due, NOW) == Rest(NOW + 1)
    assert next_step([], [], {}, {}, NOW) == Rest(None)


def test_a_fetch_gives_way_to_what_is_more_urgent_and_has_not_failed() -> None:
    assert is_most_urgent(B, [B, A], [], {})
    assert not is_most_urgent(B, [A, B], [], {})
    assert is_most_urgent(B, [A, B], [], {A: failed()})
    assert is_most_urgent(B, [A, B], [complete(A)], {})
    assert not is_most_urgent(B, [], [], {})
