from dataclasses import replace

from paper_fleet.views import by_node, pod, satellite
from perigee_api import names
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.kinds import POD
from perigee_operator.domain.rollout.pod_writes import DELETION_COST_ANNOTATION, pod_labels
from perigee_operator.domain.writes import Apply, ObjectKey, RemoveLabels

ACTIVE, IN_CONTACT = {names.ACTIVE_LABEL: "true"}, {names.IN_CONTACT_LABEL: "true"}
FLEET = by_node(satellite("near"), satellite("far", phase=SatellitePhase.EXPECTED_DARK))


def written(*pods: PodView, active: str = "", first: str = "") -> list[Apply | RemoveLabels]:
    uids = frozenset(f"uid-{name}" for name in active.split())
    return list(pod_labels(pods, uids, frozenset(f"uid-{n}" for n in first.split()), FLEET))


def key(name: str) -> ObjectKey:
    return ObjectKey(POD, name, "default")


def test_pods_bear_whether_they_serve_and_can_be_reached() -> None:
    writes = written(pod("a", "r", "near"), pod("b", "r", "far"), active="a b")
    assert writes == [
        Apply(key("a"), {"metadata": {"uid": "uid-a", "labels": ACTIVE | IN_CONTACT}}),
        Apply(key("b"), {"metadata": {"uid": "uid-b", "labels": ACTIVE}}),
    ]


def test_what_is_so_already_is_not_written() -> None:
    settled = [
        pod("a", "r", "near", active=True, in_contact=True),
        pod("b", "r", "far", active=True),
        pod("c", "r", None),
        pod("d", "r", "elsewhere"),
        pod("e", "r", "near", in_contact=True, deletion_cost="-1000"),
    ]
    assert written(*settled, active="a b", first="e") == []


def test_those_that_begin_to_serve_come_before_those_that_end() -> None:
    # At the same moment the satellite of the one that ends rises.
    ends = pod("a", "old", "near", active=True)
    begins = pod("b", "new", "near", in_contact=True)
    sets = pod("c", "new", "far", in_contact=True)
    writes = written(ends, begins, sets, active="b c")
    assert [write.key.name for write in writes] == ["b", "c", "c", "a", "a"]


def test_a_deletion_cost_comes_and_goes() -> None:
    first = {"uid": "uid-a", "labels": {}, "annotations": {DELETION_COST_ANNOTATION: "-1000"}}
    for before in (None, "7"):
        (write,) = written(pod("a", "r", "far", deletion_cost=before), first="a")
        assert write == Apply(key("a"), {"metadata": first})
    (spared,) = written(pod("a", "r", "far", deletion_cost="-1000"))
    cost = frozenset({DELETION_COST_ANNOTATION})
    assert spared == RemoveLabels(key("a"), "uid-a", frozenset(), cost)


def test_a_user_s_own_deletion_cost_is_let_alone() -> None:
    assert written(pod("a", "r", "far", deletion_cost="7")) == []


def test_labels_that_must_go_are_taken_off_whoever_put_them_there() -> None:
    (write,) = written(pod("a", "r", "far", active=True, in_contact=True), active="a")
    assert write == RemoveLabels(key("a"), "uid-a", frozenset(IN_CONTACT))


def test_the_share_that_is_handed_on_comes_and_goes() -> None:
    shadows = {"uid-a": 5, "uid-b": 5}
    candidate, serving = pod("a", "r", None), pod("b", "r", None, active=True)
    writes = pod_labels([candidate, serving], frozenset({"uid-b"}), frozenset(), FLEET, shadows)
    labels = {names.SHADOW_LABEL: "5"}
    assert writes == (Apply(key("a"), {"metadata": {"uid": "uid-a", "labels": labels}}),)
    told = replace(candidate, labels={**candidate.labels, **labels})
    assert pod_labels([told], frozenset(), frozenset(), FLEET, shadows) == ()
    (gone,) = pod_labels([told], frozenset(), frozenset(), FLEET)
    assert gone == RemoveLabels(key("a"), "uid-a", frozenset({names.SHADOW_LABEL}), frozenset())
