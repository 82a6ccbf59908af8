from collections.abc import Sequence
from typing import Any

import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import (
    IMAGE,
    at,
    by_node,
    model_view,
    owned,
    pod,
    revision_of,
    revision_view,
    satellite,
)
from perigee_api import names
from perigee_operator.domain.fleet import ModelView, ObjectView, PodView
from perigee_operator.domain.kinds import REPLICA_SET
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.rollout.layout import RevisionLayout
from perigee_operator.domain.rollout.revision import known_revision, new_revision
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.workload_writes import WorkloadWrites, workload_writes
from perigee_operator.domain.workloads.services import services
from perigee_operator.domain.workloads.workload import replica_set
from perigee_operator.domain.writes import Announce, Apply, Delete, Write

SPEC = model_spec(replicas=2)
A = revision_of(SPEC)
FLEET = [satellite(name, holds=[1]) for name in "stu"]


def deployed(replicas: int, **more: Any) -> ObjectView:
    write = replica_set(model_view(), new_revision(SPEC, IMAGE), SPEC.placement, replicas)
    return ObjectView(write.key, "uid-d", {**write.body, **more})


def a_model(pods: Sequence[PodView] = (), **more: Any) -> ModelView:
    made = {
        write.key.name: ObjectView(write.key, "u", write.body) for write in services(model_view())
    }
    given = {"revisions": (revision_view(SPEC, promoted=True),), "services": made}
    return model_view(SPEC, pods=tuple(pods), **{**given, **more})


def written(model: ModelView, copies: int, state: RolloutState | None = None) -> WorkloadWrites:
    """With the stable revision to be in so many copies on s, t and u."""
    revisions = {view.name: known_revision(view) for view in model.revisions}
    revisions.setdefault(A, new_revision(SPEC, IMAGE))
    found = by_node(*FLEET)
    situation = Situation(model, SPEC, revisions, found, tuple(FLEET), Directory(found), at(0))
    place = RevisionLayout(revisions[A], tuple(FLEET), frozenset("stu"), copies)
    return workload_writes(situation, state or RolloutState(stable=A), {A: place})


def told(writes: Sequence[Write]) -> list[str]:
    found = []
    for write in writes:
        assert not isinstance(write, Announce)
        verb = "end" if isinstance(write, Delete) else "apply"
        copies = (
            write.body["spec"].get("replicas")
            if isinstance(write, Apply) and (write.key.kind == REPLICA_SET)
            else None
        )
        found.append(f"{verb} {write.key.name}" + ("" if copies is None else f" x{copies}"))
    return found


WORKLOAD = f"m-{A}"


def test_a_new_model_gets_its_history_services_and_workload() -> None:
    found = written(a_model(revisions=(), services={}), 2)
    assert told(found.growing) == [
        f"apply {WORKLOAD}",
        "apply m",
        "apply m-local",
        f"apply {WORKLOAD} x2",
    ]
    assert found.shrinking == ()


def test_nothing_is_written_where_all_is_as_it_should_be() -> None:
    assert written(a_model(workloads={A: deployed(2)}), 2) == WorkloadWrites((), (), frozenset())


def test_a_drift_is_mended() -> None:
    drifted = deployed(2, metadata={"labels": {}, "ownerReferences": [], "annotations": {}})
    assert told(written(a_model(workloads={A: drifted}), 2).growing) == [f"apply {WORKLOAD} x2"]


def test_more_copies_come_first() -> None:
    found = written(a_model(workloads={A: deployed(1)}), 2)
    assert told(found.growing) == [f"apply {WORKLOAD} x2"]
    assert told(found.shrinking) == []


def three(**p1: Any) -> list[PodView]:
    return [
        pod("p1", A, "s", created_at=at(1), **p1),
        pod("p2", A, "t", created_at=at(2)),
        pod("p3", A, "u", created_at=at(3)),
    ]


@pytest.mark.parametrize(
    ("p1", "shrinking", "victims"),
    [
        ({}, [f"apply {WORKLOAD} x2"], {"uid-p3"}),
        ({"verified": False, "ready": False}, [f"apply {WORKLOAD} x2"], {"uid-p1"}),
        ({"ready": False}, [], set()),
    ],
)
def test_fewer_copies_end_by_their_cost(
    p1: dict[str, Any], shrinking: list[str], victims: set[str]
) -> None:
    found = written(a_model(three(**p1), workloads={A: deployed(3)}), 2)
    assert told(found.shrinking) == shrinking
    assert found.victims == victims
    assert found.growing == ()


def test_where_cost_would_not_decide_they_end_by_name_before_the_scaling() -> None:
    starting = pod("p4", A, "s", verified=False, ready=False, created_at=at(4))
    pods = [*three()[1:], pod("p1", A, None, verified=False, ready=False), starting]
    found = written(a_model(pods, workloads={A: deployed(4)}), 3)
    assert told(found.shrinking) == ["end p1", f"apply {WORKLOAD} x3"]


def test_the_last_that_serves_goes_on_until_another_serves() -> None:
    """Those that stay could serve, and do not yet; nor may all go while nothing else serves."""
    serving = pod("p3", A, "u", created_at=at(3), active=True)
    pods = [*three()[:2], serving]
    for copies in (2, 0):
        found = written(a_model(pods, workloads={A: deployed(3)}), copies)
        assert (found.shrinking, found.victims) == ((), frozenset())
    other = pod("p9", "another", "s", active=True)
    found = written(a_model([*pods, other], workloads={A: deployed(3)}), 2)
    assert told(found.shrinking) == [f"apply {WORKLOAD} x2"]
    found = written(a_model([*pods, other], workloads={A: deployed(3)}), 0)
    assert told(found.shrinking) == [f"apply {WORKLOAD} x0"]


def test_all_may_end_at_once() -> None:
    found = written(a_model(three(), workloads={A: deployed(3)}), 0)
    assert told(found.shrinking) == [f"apply {WORKLOAD} x0"]


def test_history_beyond_the_limit_and_workloads_that_nobody_carries_end() -> None:
    old = [revision_view(model_spec(artifact_number=number), number) for number in range(2, 10)]
    model = a_model(
        revisions=(revision_view(SPEC, 1, promoted=True), *old),
        workloads={A: deployed(2), old[0].name: owned(REPLICA_SET, f"m-{old[0].name}")},
    )
    found = written(model, 2)
    # Five are kept besides those in use: the newest.
    ended = [f"end m-{view.name}" for view in reversed(old[:3])]
    assert told(found.shrinking) == [f"end m-{old[0].name}", *ended]


def test_a_workload_of_which_no_history_is_kept_stays_while_it_is_needed() -> None:
    stranger = {"00000000": owned(REPLICA_SET, "m-00000000")}
    serving = [pod("x", "00000000", "s", active=True)]
    model = a_model(serving, workloads={A: deployed(2)} | stranger)
    assert told(written(model, 2).shrinking) == []
    both = [*serving, pod("p", A, "s"), pod("q", A, "t")]
    model = a_model(both, workloads={A: deployed(2)} | stranger)
    assert told(written(model, 2).shrinking) == ["end m-00000000"]


def test_promotion_is_remembered_and_the_data_stays_as_it_was() -> None:
    kept = revision_view(SPEC)
    explicit = {**kept.spec, "runtime": {"threads": 1}}
    model = a_model(
        revisions=(type(kept)(A, explicit, "edge:0", 7, promoted=False, object=kept.object),),
        workloads={A: deployed(2)},
    )
    found = written(model, 2)
    apply = found.growing[0]
    assert isinstance(apply, Apply)
    assert apply.body["revision"] == 7
    assert apply.body["data"] == {"spec": explicit, "image": "edge:0"}
    assert apply.body["metadata"]["annotations"] == {"perigee.space/promoted": "true"}
    assert apply.body["metadata"]["labels"][names.REVISION_LABEL] == A
