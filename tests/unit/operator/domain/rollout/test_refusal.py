from paper_fleet.intents import model_spec
from paper_fleet.views import at, pod, revision_of
from perigee_operator.domain.rollout.refusal import LEFT_ALONE_S, forgotten, refusing_nodes

A, B = revision_of(model_spec()), revision_of(model_spec(artifact_number=2))
REFUSED = {"refused": True, "deleting": True, "verified": False, "ready": False}


def test_a_node_that_refused_a_pod_of_the_revision_is_left_alone() -> None:
    pods = [pod("p", A, "s", **REFUSED), pod("q", B, "t", **REFUSED), pod("r", A, "u")]
    assert refusing_nodes(pods, A) == {"s"}


def test_a_node_that_runs_the_revision_is_not() -> None:
    pods = [pod("p", A, "s", **REFUSED), pod("q", A, "s")]
    assert refusing_nodes(pods, A) == frozenset()


def test_a_pod_that_was_refused_before_it_was_placed_names_no_node() -> None:
    assert refusing_nodes([pod("p", A, None, **REFUSED)], A) == frozenset()


def test_refused_pods_alone_are_cleared_away_after_a_while() -> None:
    pods = [pod("p", A, "s", **REFUSED), pod("q", A, "s"), pod("r", A, "s", deleting=True)]
    assert list(forgotten(pods, at(LEFT_ALONE_S - 1))) == []
    (write,) = forgotten(pods, at(LEFT_ALONE_S))
    assert (write.key.name, write.uid) == ("p", "uid-p")
