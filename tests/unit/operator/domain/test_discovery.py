from functools import partial

import pytest

from paper_fleet.views import node, pod
from perigee_api import names
from perigee_operator.domain.discovery import is_departing, stray_track
from perigee_operator.domain.kinds import NODE, POD, SATELLITE_NODE
from perigee_operator.domain.writes import Apply, Delete, ObjectKey, RemoveLabels

track_of = partial(stray_track, name_taken=False)
JOINED = {names.SATELLITE_LABEL: "true"}
PROJECTED = JOINED | {names.SATELLITE_NODE_LABEL: "sat-1"}


def test_a_node_that_joins_gets_a_resource_of_unknown_orbit() -> None:
    track = track_of(node(labels=JOINED), (), frozenset())
    expected = Apply(ObjectKey(SATELLITE_NODE, "sat-1"), {"spec": {"orbit": {"unknown": {}}}})
    assert track.writes == (expected,)


@pytest.mark.parametrize("labels", [{}, {names.SATELLITE_LABEL: "false"}])
def test_a_node_that_is_no_satellite_is_let_alone(labels: dict[str, str]) -> None:
    assert track_of(node(labels=labels), (), frozenset()).writes == ()


def test_a_name_too_long_for_a_resource_is_not_discovered() -> None:
    assert track_of(node("n" * 64, labels=JOINED), (), frozenset()).writes == ()


def test_a_node_whose_resource_was_deleted_leaves_when_its_pods_are_gone() -> None:
    found = node(labels=PROJECTED)
    pods = (pod("p1", "r", "sat-1"), pod("p2", "r", "sat-1"), pod("p3", "r", "sat-1"))
    waits = track_of(found, pods, frozenset({"uid-p2"}))
    assert waits.writes == (Delete(ObjectKey(POD, "p2", "default"), "uid-p2"),)
    leaves = track_of(found, (pod("p1", "r", "sat-1", deleting=True),), frozenset())
    (write,) = leaves.writes
    assert isinstance(write, RemoveLabels)
    assert write.labels == PROJECTED.keys()


def test_a_node_whose_name_another_s_resource_has_is_not_discovered() -> None:
    assert stray_track(node(labels=JOINED), (), frozenset(), name_taken=True).writes == ()


def test_a_node_that_leaves_is_closed_to_a_revision_before_its_pod_ends() -> None:
    own, other = (names.node_revision_label("default", "m", each) for each in ("r", "s"))
    found = node(labels=PROJECTED | {own: "true", other: "true"})
    pods = (pod("p1", "r", "sat-1"), pod("p2", "s", "sat-1"))
    closes, ends = track_of(found, pods, frozenset({"uid-p1"})).writes
    assert closes == RemoveLabels(ObjectKey(NODE, "sat-1"), found.uid, frozenset({own}))
    assert ends == Delete(ObjectKey(POD, "p1", "default"), "uid-p1")


def test_a_pod_that_came_to_a_node_as_that_left_ends_when_it_may() -> None:
    found, late = node(labels={}), pod("p1", "r", "sat-1")
    assert is_departing(found, (late,))
    assert track_of(found, (late,), frozenset()).writes == ()
    ends = Delete(ObjectKey(POD, "p1", "default"), "uid-p1")
    assert track_of(found, (late,), frozenset({"uid-p1"})).writes == (ends,)
    assert not is_departing(found, (pod("p1", "r", "sat-1", deleting=True),))
    assert not is_departing(node(labels=JOINED), (late,)), "it gets a SatelliteNode first"
