from itertools import count
from typing import Any

import pytest
from structlog.testing import capture_logs

from paper_fleet.intents import artifact, model_body, model_spec, satellite_body
from paper_fleet.views import at, node
from perigee_api import names
from perigee_api.heartbeat import Report
from perigee_api.inference_model import InferenceModelStatus
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.kinds import CONTROLLER_REVISION, POD
from perigee_operator.domain.liveness.phi import planned
from perigee_operator.domain.liveness.unbroken import Run
from perigee_operator.domain.odd import UnviewableError
from perigee_operator.domain.orbit.contacts import UNKNOWN
from perigee_operator.domain.rollout.revision import revision_body
from perigee_operator.services.views.common import Views
from perigee_operator.services.views.models import model_record, revision_view
from perigee_operator.services.views.nodes import node_view
from perigee_operator.services.views.pods import pod_view
from perigee_operator.services.views.satellites import (
    heartbeat_view,
    satellite_record,
    satellite_view,
)
from perigee_operator.storage.heartbeats import Heartbeat


def thing(name: str = "x", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "d", "uid": f"u-{name}", "resourceVersion": "1"}
    return {"metadata": metadata | more.pop("metadata", {}), **more}


def test_what_has_not_changed_is_not_looked_at_again() -> None:
    looks = count(1)
    views = Views(POD, lambda _: next(looks))
    first, other = thing("a"), thing("b")
    assert views.of([first]) == (1,)
    assert views.of([first, other]) == (1, 2)
    assert views.of([thing("a", metadata={"resourceVersion": "2"}), other]) == (3, 2)
    assert views.of([other]) == (2,)
    assert views.of(both := [first, other]) == (4, 2)
    assert views.of(both) is views.of(both)


def test_a_node() -> None:
    item = thing(
        spec={"taints": [{"key": "k", "effect": "NoSchedule"}]},
        status={
            "conditions": [{"type": "Ready", "status": "True"}],
            "allocatable": {"memory": "1003856Ki", "cpu": "3920m", "odd/one": 7, "odd/two": "x"},
        },
        metadata={"labels": {"kubernetes.io/arch": "arm64"}},
    )
    view = node_view(item)
    assert view.allocatable == {"memory": 1003856 * 1024 * 1000, "cpu": 3920}
    assert (view.architecture, view.ready) == ("arm64", True)
    assert [(taint.key, taint.effect, taint.value) for taint in view.taints] == [
        ("k", "NoSchedule", "")
    ]
    bare = node_view(thing())
    assert (bare.architecture, bare.ready, bare.taints) == ("", False, frozenset())
    assert bare.allocatable == {}


def a_satellite(**more: Any) -> Any:
    item = thing(**{"spec": satellite_body(), **more})
    record, run = satellite_record(item), Run(at(0), at(9), at(5))
    return satellite_view(record, node(), None, at(0), run, UNKNOWN, planned(10))


def test_a_satellite() -> None:
    view = a_satellite(status={"phase": "Lost", "epoch": 3})
    assert view.spec_error is None
    assert (view.status.phase, view.status.epoch) == (SatellitePhase.LOST, 3)
    assert not view.loss_consented
    assert (view.heard_since, view.linked_since) == (at(0), at(5))


@pytest.mark.parametrize(
    ("value", "last", "following"),
    [
        ("4", False, True),
        ("3", True, False),
        ("2", False, False),
        ("5", False, False),
        ("0", False, False),
        ("true", False, False),
        ("", False, False),
        ("4 ", False, False),
        ("٤", False, False),
    ],
)
def test_consent_is_to_one_loss(*, value: str, last: bool, following: bool) -> None:
    consent = {"annotations": {names.LOST_CONSENT_ANNOTATION: value}}
    view = a_satellite(status={"phase": "InContact", "epoch": 3}, metadata=consent)
    assert (view.last_loss_consented, view.loss_consented) == (last, following)


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        (None, ": Input should be"),
        ({}, "orbit: Field required"),
        ({"orbit": {"fixed": {"latitude": 91, "longitude": 0}}}, "orbit.fixed.latitude: Input"),
        ("text", ": Input should be"),
    ],
)
def test_a_satellite_that_makes_no_sense_says_why(spec: Any, error: str) -> None:
    view = a_satellite(spec=spec)
    assert view.spec is None
    assert (view.spec_error or "").startswith(error)


@pytest.mark.parametrize("status", [{"phase": "Flying"}, {"epoch": -1}, "text", None])
def test_a_status_that_cannot_be_read_is_none(status: Any) -> None:
    assert a_satellite(status=status).status == SatelliteNodeStatus()


def condition(type_: str) -> dict[str, Any]:
    return {
        "type": type_,
        "status": "True",
        "reason": "Because",
        "lastTransitionTime": "2026-03-01T12:00:00Z",
    }


def test_conditions_of_others_are_none_of_ours() -> None:
    """Nor is one that Perigee could not read, or a crowd of them, in the way of its own."""
    others = [condition(f"example.com/{n}") for n in range(40)] + [{"type": "Audited"}]
    found = a_satellite(
        status={"epoch": 3, "conditions": [condition("Ready"), *others, condition("AgentSilent")]}
    )
    assert found.status.epoch == 3
    assert [c.type for c in found.status.conditions] == ["AgentSilent", "Ready"]
    model = model_record(
        thing(spec=model_body(), status={"conditions": [*others, condition("Available")]})
    )
    assert [c.type for c in model.status.conditions] == ["Available"]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [({"nodeName": "n"}, "n"), ({}, "x"), (None, "x"), ("text", "x"), ({"nodeName": ""}, "x")],
)
def test_a_satellite_s_node_is_of_its_name_unless_it_says_otherwise(
    spec: Any, expected: str
) -> None:
    assert satellite_record(thing(spec=spec)).node_name == expected


@pytest.mark.parametrize(
    ("text", "epoch"),
    [(None, None), ("", None), ("{", None), ('{"epoch": -1}', None), ('{"epoch": 3}', 3)],
)
def test_a_damaged_assignment_is_none_and_so_is_written_anew(
    text: str | None, epoch: int | None
) -> None:
    heard = Heartbeat("n", "l", at(0), None, None, Report(sequence=1), None, text)
    found = heartbeat_view(heard).assignment
    assert (found.epoch if found else None) == epoch


def test_a_model() -> None:
    view = model_record(thing(spec=model_body(), status={"phase": "Healthy"}))
    assert view.spec == model_spec()
    assert view.status == InferenceModelStatus.model_validate({"phase": "Healthy"})
    assert not view.deleting
    going = thing(spec=model_body(), metadata={"deletionTimestamp": "2026-03-01T12:00:00Z"})
    assert model_record(going).deleting


def test_a_model_that_makes_no_sense_names_each_field() -> None:
    bad = model_body(placement={"replicas": -1}) | {"artifact": artifact(1) | {"size": 0}}
    view = model_record(thing(spec=bad, status={"active": "many"}))
    assert view.spec is None
    assert "artifact.size: " in (view.spec_error or "")
    assert "placement.replicas: " in (view.spec_error or "")
    assert view.status == InferenceModelStatus()


def test_models_that_say_the_same_of_their_rollouts_have_it_in_common() -> None:
    steps = [{"wave": {"count": 1}}, {"pause": {"duration": 60}}]
    first, alike = (
        model_record(thing(spec=model_body(artifact_number=number, steps=steps))).spec
        for number in (1, 2)
    )
    other = model_record(thing(spec=model_body(steps=steps[:1]))).spec
    assert first is not None
    assert alike is not None
    assert other is not None
    assert alike.rollout is first.rollout
    assert alike.placement is first.placement
    assert alike.artifact != first.artifact
    assert other.rollout != first.rollout
    assert first.model_fields_set == {"artifact", "placement", "rollout"}


def kept(**more: Any) -> dict[str, Any]:
    data = {"spec": revision_body(model_spec()), "image": "edge:1"}
    labels = {"labels": {names.REVISION_LABEL: "r"}}
    return thing(**{"metadata": labels, "revision": 4, "data": data, **more})


def test_a_revision_of_the_history() -> None:
    view = revision_view(CONTROLLER_REVISION, kept())
    assert (view.name, view.number, view.image, view.promoted) == ("r", 4, "edge:1", False)
    annotations = {"perigee.space/promoted": "true"}
    promoted = kept(metadata={"labels": {names.REVISION_LABEL: "r"}, "annotations": annotations})
    assert revision_view(CONTROLLER_REVISION, promoted).promoted


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"data": None}, "data.spec is no revision of a model: "),
        ({"data": [1]}, "data.spec is no revision of a model: "),
        ({"data": {"spec": {}}}, "artifact: Field required"),
        ({"data": {}}, "data.spec is no revision of a model: "),
        ({"metadata": {"labels": {}}}, "it has no label perigee.space/revision"),
        ({"revision": "first"}, "revision is no number"),
    ],
)
def test_what_somebody_else_wrote_into_the_history_is_none_of_it(
    more: dict[str, Any], why: str
) -> None:
    with pytest.raises(UnviewableError, match=why):
        revision_view(CONTROLLER_REVISION, kept(**more))


def test_what_cannot_be_viewed_is_left_out_and_told_once() -> None:
    views = Views(POD, pod_view)
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}
    owned = {"ownerReferences": [owner]}
    odd, nameless = thing("a", metadata=owned), {"metadata": [1]}
    whole = thing("b", metadata=owned | {"creationTimestamp": "2026-03-01T12:00:00Z"})
    with capture_logs() as logs:
        for _ in range(3):
            assert [view.name for view in views.of([odd, nameless, whole])] == ["b"]
    assert [(line["kind"], line["name"], line["reason"]) for line in logs] == [
        ("Pod", "a", "None is not a moment"),
        ("Pod", "", "metadata names no name or no uid"),
    ]
