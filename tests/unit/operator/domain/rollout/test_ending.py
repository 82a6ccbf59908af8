from dataclasses import replace

import pytest

from paper_fleet.views import model_view, pod
from perigee_operator.domain.fleet import ObjectView
from perigee_operator.domain.kinds import DAEMON_SET, REPLICA_SET, Kind
from perigee_operator.domain.rollout.ending import ending
from perigee_operator.domain.rollout.pod_writes import FIRST_TO_GO
from perigee_operator.domain.writes import ObjectKey


@pytest.mark.parametrize(
    ("kind", "replicas", "marked", "expected"),
    [
        (REPLICA_SET, 3, "", ""),
        (REPLICA_SET, 0, "", "pqr"),
        (REPLICA_SET, 2, "q", "q"),
        # It was told so before, and is to have all of them again.
        (REPLICA_SET, 3, "q", ""),
        (DAEMON_SET, 0, "", ""),
    ],
)
def test_which_pods_are_about_to_end(kind: Kind, replicas: int, marked: str, expected: str) -> None:
    pods = [
        replace(pod(name, "a", None), deletion_cost=FIRST_TO_GO if name in marked else None)
        for name in "pqr"
    ]
    workload = ObjectView(ObjectKey(kind, "m-a", "default"), "u", {"spec": {"replicas": replicas}})
    model = replace(model_view(), pods=tuple(pods), workloads={"a": workload})
    assert ending(model) == {f"uid-{name}" for name in expected}


def test_what_is_deleted_already_is_no_surplus() -> None:
    gone = replace(pod("p", "a", None), deleting=True)
    key = ObjectKey(REPLICA_SET, "m-a", "default")
    workload = ObjectView(key, "u", {"spec": {"replicas": 1}})
    model = replace(model_view(), pods=(gone, pod("q", "a", None)), workloads={"a": workload})
    assert ending(model) == frozenset()
