import pytest

from paper_fleet.views import agent, at
from perigee_operator.domain.agents.agent import ABSENT, AgentSetView


@pytest.mark.parametrize(("heard_s", "heard"), [(None, False), (9.9, False), (11, True)])
def test_it_is_heard_once_it_has_come(heard_s: float | None, *, heard: bool) -> None:
    """Kubernetes may have made its Pod up to a second after the moment that it tells."""
    heard_at = None if heard_s is None else at(heard_s)
    assert agent(since_s=10).is_heard(heard_at) is heard
    assert agent(since_s=10).answers(heard_at) is heard
    assert not agent(since_s=10, ready=False).answers(heard_at)
    assert not agent(since_s=10, deleting=True).is_heard(heard_at)


def test_what_is_outdated_and_what_does_not_run() -> None:
    pods = {
        "a": agent(revision="old"),
        "b": agent(revision="new"),
        "c": agent(revision="new", ready=False),
        "d": agent(revision="old", deleting=True),
        "e": agent(revision="not known yet"),
        "f": agent(revision="older", ready=False),
    }
    found = AgentSetView("perigee", {}, {"older": 1, "old": 2, "new": 5}, pods)
    assert found.outdated == {"a", "f"}
    assert found.unsettled == {"c", "d"}


def test_a_node_that_is_selected_and_has_none_waits_for_one() -> None:
    found = AgentSetView("perigee", {"role": "satellite"}, {}, {"a": agent("a")})
    assert found.on("a", {}) == agent("a")
    assert found.on("b", {"role": "satellite", "plane": "1"}) is ABSENT
    assert found.on("b", {"role": "ground"}) is None
