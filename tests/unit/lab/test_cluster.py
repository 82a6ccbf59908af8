import datetime as dt
from typing import Any

import pytest

from perigee_lab import cluster, pretence
from perigee_lab.state import Node, State

HEARD = dt.datetime(2026, 3, 1, 12, 0, 5, tzinfo=dt.UTC)


def node(status: str = "True") -> dict[str, Any]:
    ready = {"type": "Ready", "status": status, "lastHeartbeatTime": "2026-03-01T12:00:05Z"}
    conditions = [{"type": "DiskPressure", "status": "False"}, ready]
    return {
        "metadata": {"labels": {"a": "b"}},
        "status": {"conditions": conditions, "allocatable": {"cpu": "2", "x/gpu": "1"}},
    }


@pytest.mark.parametrize(
    ("found", "since", "expected"),
    [
        (node(), None, True),
        (node(), HEARD, True),
        # Kubernetes writes whole seconds: a word of the same second may be the newer one.
        (node(), HEARD + dt.timedelta(seconds=0.9), True),
        (node(), HEARD + dt.timedelta(seconds=1), False),
        (node("False"), None, False),
        (node("Unknown"), None, False),
        ({}, None, False),
    ],
)
def test_only_a_recent_word_counts(
    found: dict[str, Any], since: dt.datetime | None, *, expected: bool
) -> None:
    assert cluster.is_ready(found, since) is expected


@pytest.mark.parametrize(
    ("labels", "resources", "expected"),
    [
        ({}, {}, True),
        ({"a": "b"}, {"x/gpu": "1"}, True),
        ({"a": "c"}, {}, False),
        ({}, {"x/gpu": "2"}, False),
        ({}, {"y/gpu": "1"}, False),
    ],
)
def test_pretence_is_complete_or_it_is_not(
    labels: dict[str, str], resources: dict[str, str], *, expected: bool
) -> None:
    assert pretence.pretends(node(), labels, resources) is expected


def test_only_pretended_architectures_need_policies() -> None:
    arm = Node("sat-1", 1, labels={"kubernetes.io/arch": "arm64"})
    plain = Node("sat-2", 2, labels={"color": "red"})
    made = pretence.policies(State("lab", 0, ground_runs_pods=True, nodes=(arm, plain)))
    assert [each["kind"] for each in made] == [
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    ]
    expression = made[0]["spec"]["mutations"][0]["applyConfiguration"]["expression"]
    assert expression == (
        'Object{metadata: Object.metadata{labels: {"kubernetes.io/arch": "arm64"}}}'
    )
