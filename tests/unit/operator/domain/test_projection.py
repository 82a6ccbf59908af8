from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.intents import contact, digest_of, satellite_spec
from paper_fleet.views import assignment, heartbeat, model_artifacts, node, satellite_view
from perigee_api import names
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.projection import (
    LOST,
    MAINTENANCE,
    OUT_OF_SERVICE,
    assignment_writes,
    is_ours,
    label_writes,
    leaving_writes,
    node_labels,
    power_writes,
    taint_writes,
    wanted_taints,
)
from perigee_operator.domain.writes import Apply, RemoveLabels, SetTaints, Taint

REVISION = names.node_revision_label("default", "m", "12345678")
GPU = {"accelerator": {"kind": "gpu", "resource": "nvidia.com/gpu"}}
UNREACHABLE = Taint("node.kubernetes.io/unreachable", "NoSchedule")
FOREIGN = Taint(OUT_OF_SERVICE.key, "NoExecute", "nodeshutdown")


@pytest.mark.parametrize(
    ("spec", "revisions", "expected"),
    [
        ({}, [], {"perigee.space/orbit": "fixed"}),
        ({"contacts": [contact(0, 1)]}, [], {"perigee.space/orbit": "contacts"}),
        (
            {"plane": "a", "hardware": GPU},
            [REVISION],
            {
                "perigee.space/orbit": "fixed",
                "perigee.space/plane": "a",
                "perigee.space/accelerator": "gpu",
                REVISION: "true",
            },
        ),
    ],
)
def test_a_satellite_on_its_node(
    spec: dict[str, Any], revisions: list[str], expected: dict[str, str]
) -> None:
    found = node_labels("sat-1", satellite_spec(**spec), frozenset(revisions))
    assert found == {"perigee.space/satellite-node": "sat-1"} | expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("perigee.space/satellite", False),
        ("perigee.space/orbit", True),
        (REVISION, True),
        ("kubernetes.io/arch", False),
        ("perigee.space.example/orbit", False),
        ("orbit", False),
    ],
)
def test_which_labels_are_ours(*, label: str, expected: bool) -> None:
    assert is_ours(label) is expected


OMM = {
    "EPOCH": "2026-01-01T00:00:00Z",
    "MEAN_MOTION": 15.2,
    "ECCENTRICITY": 0.001,
    "INCLINATION": 97.5,
    "RA_OF_ASC_NODE": 10,
    "ARG_OF_PERICENTER": 20,
    "MEAN_ANOMALY": 30,
}


def test_labels_are_written_where_they_differ_and_taken_off_after_that() -> None:
    wanted = {names.SATELLITE_NODE_LABEL: "sat-1", names.ORBIT_LABEL: "fixed"}
    assert label_writes(node(labels=wanted | {"kubernetes.io/arch": "arm64"}), wanted) == []
    writes = label_writes(node(labels={REVISION: "true", names.ORBIT_LABEL: "tle"}), wanted)
    assert [type(write) for write in writes] == [Apply, RemoveLabels]
    assert isinstance(writes[0], Apply)
    assert writes[0].body == {"metadata": {"uid": "uid-sat-1", "labels": wanted}}
    assert isinstance(writes[1], RemoveLabels)
    assert writes[1].labels == {REVISION}


@pytest.mark.parametrize(
    ("phase", "spec", "expected"),
    [
        ("InContact", {}, set()),
        ("Suspect", {}, set()),
        ("Lost", {}, {LOST}),
        ("InContact", {"maintenance": True}, {MAINTENANCE}),
        ("Lost", {"decommissioned": True}, {LOST, OUT_OF_SERVICE}),
    ],
)
def test_taints_follow_what_is_recorded(
    phase: str, spec: dict[str, Any], expected: set[Taint]
) -> None:
    status = SatelliteNodeStatus(phase=SatellitePhase(phase))
    assert wanted_taints(satellite_spec(**spec), status) == expected


@pytest.mark.parametrize(
    ("present", "wanted", "after"),
    [
        (set(), set(), None),
        ({UNREACHABLE}, set(), None),
        ({LOST, UNREACHABLE}, {LOST}, None),
        ({UNREACHABLE}, {LOST}, {LOST}),
        ({LOST, UNREACHABLE}, set(), set()),
        ({OUT_OF_SERVICE}, set(), set()),
        ({FOREIGN}, set(), None),
        ({FOREIGN}, {OUT_OF_SERVICE}, {OUT_OF_SERVICE}),
    ],
)
def test_only_our_taints_are_set(
    present: set[Taint], wanted: set[Taint], after: AbstractSet[Taint] | None
) -> None:
    writes = taint_writes(node(taints=frozenset(present)), frozenset(wanted))
    assert len(writes) == (after is not None)
    for write in writes:
        assert isinstance(write, SetTaints)
        assert write.wanted == after
        assert UNREACHABLE.key not in write.managed


@pytest.mark.parametrize("forget", [False, True])
def test_a_node_that_leaves_keeps_what_came_with_it(*, forget: bool) -> None:
    labels = {names.SATELLITE_LABEL: "true", names.ORBIT_LABEL: "tle", REVISION: "true"}
    writes = leaving_writes(node(labels=labels, taints=frozenset({LOST})), forget=forget)
    assert [type(write) for write in writes] == [SetTaints, RemoveLabels]
    removal = writes[1]
    assert isinstance(removal, RemoveLabels)
    assert removal.labels == labels.keys() - (set() if forget else {names.SATELLITE_LABEL})
    assert leaving_writes(node(labels={names.SATELLITE_LABEL: "true"}), forget=False) == []


def test_an_assignment_is_written_where_it_differs() -> None:
    told = heartbeat(assignment=assignment(1))
    view = satellite_view(heartbeat=told)
    assert assignment_writes(view, "sat-1", model_artifacts(1)) == []
    (write,) = assignment_writes(view, "sat-1", model_artifacts(1, 2))
    assert isinstance(write, Apply)
    assert write.key.namespace == names.HEARTBEAT_NAMESPACE
    text = write.body["metadata"]["annotations"][names.ASSIGNMENT_ANNOTATION]
    assert assignment(1, 2).model_validate_json(text) == assignment(1, 2)


def test_what_is_fetched_ahead_of_its_turn_is_named_and_changes_no_order() -> None:
    told = assignment(1, 2).model_copy(update={"ahead": (digest_of(2),)})
    view = satellite_view(heartbeat=heartbeat(assignment=told))
    assert assignment_writes(view, "sat-1", model_artifacts(1, 2), (digest_of(2),)) == []
    (write,) = assignment_writes(view, "sat-1", model_artifacts(1, 2))
    assert isinstance(write, Apply)
    text = write.body["metadata"]["annotations"][names.ASSIGNMENT_ANNOTATION]
    assert assignment().model_validate_json(text) == assignment(1, 2)
    assert "ahead" not in text


def test_a_satellite_is_told_how_long_its_orbit_takes() -> None:
    spec = satellite_spec(orbit={"omm": OMM})
    told = heartbeat(assignment=assignment(1))
    view = satellite_view(spec=spec, heartbeat=told)
    (write,) = assignment_writes(view, "sat-1", model_artifacts(1))
    assert isinstance(write, Apply)
    text = write.body["metadata"]["annotations"][names.ASSIGNMENT_ANNOTATION]
    assert assignment().model_validate_json(text).orbit_period_s == 5684


def test_who_was_never_heard_is_told_nothing() -> None:
    assert assignment_writes(satellite_view(heard_s=None), "sat-1", model_artifacts(1)) == []


@pytest.mark.parametrize(
    ("watts", "there", "said"),
    [
        (None, {}, None),
        (5, {}, "5000"),
        (0.3, {}, "300"),
        (0.0004, {}, "1"),
        (5, {names.POWER_RESOURCE: 5_000_000}, None),
        (4, {names.POWER_RESOURCE: 5_000_000}, "4000"),
        (None, {names.POWER_RESOURCE: 5_000_000}, "0"),
        (None, {names.POWER_RESOURCE: 0}, None),
    ],
)
def test_a_node_says_how_much_power_there_is(
    watts: float | None, there: dict[str, int], said: str | None
) -> None:
    spec = satellite_spec(hardware={"power": watts})
    writes = power_writes(replace(node(), allocatable=there), spec)
    if said is None:
        assert writes == []
        return
    (write,) = writes
    assert isinstance(write, Apply)
    assert write.subresource == "status"
    amounts = {names.POWER_RESOURCE: said}
    assert write.body["status"] == {"capacity": amounts, "allocatable": amounts}
