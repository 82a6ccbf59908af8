from functools import partial

import pytest

from paper_fleet.views import at, node, pod
from perigee_api import names
from perigee_operator.domain.discovery import is_departing, stray_track
from perigee_operator.domain.kinds import NODE, POD, SATELLITE_NODE
from perigee_operator.domain.writes import (
    Announce,
    Apply,
    Delete,
    EventType,
    ObjectKey,
    RemoveLabels,
)

track_of = partial(stray_track, name_taken=False, now=at(0))
JOINED = {names.SATELLITE_LABEL: "true"}
PROJECTED = JOINED | {names.SATELLITE_NODE_LABEL: "sat-1"}


def test_a_node_that_joins_gets_a_resource_of_unknown_orbit() -> None:
    track = track_of(node(labels=JOINED), (), frozenset())
    expected = Apply(ObjectKey(SATELLITE_NODE, "sat-1"), {"spec": {"orbit": {"unknown": {}}}})
    assert track.writes == (expected,)


@pytest.mark.parametrize("labels", [{}, {names.SATELLITE_LABEL: "false"}])
def test_a_node_that_is_no_satellite_is_let_alone(labels: dict[str, str]) -> None:
    assert track_of(node(labels=labels), (), frozenset()).writes == ()


LONG = "n" * 64
REFUSED = {names.DISCOVERY_LABEL: "refused"}


def test_a_name_too_long_for_a_resource_is_not_discovered_and_that_is_told() -> None:
    found = node(LONG, labels=JOINED)
    noted, told = track_of(found, (), frozenset()).writes
    assert noted == Apply(
        ObjectKey(NODE, LONG), {"metadata": {"uid": found.uid, "labels": REFUSED}}
    )
    assert isinstance(told, Announce)
    assert (told.type, told.reason) == (EventType.WARNING, "DiscoveryRefused")
    assert (told.regarding, told.uid) == (ObjectKey(NODE, LONG), found.uid)
    assert told.note == (
        "It gets no SatelliteNode: its name has 64 characters, where a SatelliteNode may have 63. "
        "Let it join under a shorter one (the kubelet's --hostname-override, node-name of K3s)."
    )


def test_it_is_told_once() -> None:
    assert track_of(node(LONG, labels=JOINED | REFUSED), (), frozenset()).writes == ()
    # What else of Perigee's it bears goes.
    left = {names.ORBIT_LABEL: "fixed"}
    (write,) = track_of(node(LONG, labels=JOINED | REFUSED | left), (), frozenset()).writes
    assert write == RemoveLabels(ObjectKey(NODE, LONG), f"uid-{LONG}", frozenset(left))


def test_where_nothing_is_refused_any_more_the_label_goes() -> None:
    (write,) = track_of(node(LONG, labels=REFUSED), (), frozenset()).writes
    assert write == RemoveLabels(ObjectKey(NODE, LONG), f"uid-{LONG}", frozenset(REFUSED))


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
    assert track_of(node(labels=JOINED), (), frozenset(), name_taken=True).writes == ()


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
