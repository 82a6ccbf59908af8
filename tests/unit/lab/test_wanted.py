import pytest

from perigee_lab.errors import LabError
from perigee_lab.state import GROUND, Link, Node, State
from perigee_lab.wanted import Request, state


def test_a_new_lab_has_a_ground_and_three_satellites() -> None:
    made = state("lab", Request(), None)
    assert [node.name for node in made.nodes] == [GROUND, "sat-1", "sat-2", "sat-3"]
    assert [node.is_satellite for node in made.nodes] == [False, True, True, True]
    assert made.kubelets == made.nodes


def test_without_pods_on_the_ground_only_satellites_have_kubelets() -> None:
    made = state("lab", Request(satellites=1, ground_runs_pods=False), None)
    assert [node.name for node in made.kubelets] == ["sat-1"]


def test_growing_keeps_what_is_there() -> None:
    cut = Node("sat-1", 1, labels={"a": "b"}, link=Link(cut=True, kbit_s=64))
    before = State("lab", 7777, ground_runs_pods=True, nodes=(Node(GROUND, 0), cut))
    after = state("lab", Request(satellites=2), before)
    assert after.nodes == (*before.nodes, Node("sat-2", 2))
    assert after.api_port == 7777


def test_asking_for_nothing_changes_nothing() -> None:
    before = state("lab", Request(satellites=2, architectures=["arm64"]), None)
    assert state("lab", Request(), before) == before


def test_labels_architectures_and_resources_add_up() -> None:
    request = Request(
        satellites=2,
        architectures=["arm64", "amd64"],
        labels={"sat-1": {"color": "red"}, GROUND: {"color": "blue"}},
        resources={"sat-2": {"nvidia.com/gpu": "1"}},
    )
    more = Request(labels={"sat-1": {"color": "green", "size": "small"}})
    made = state("lab", more, state("lab", request, None))
    arch = "kubernetes.io/arch"
    assert made.node("sat-1").labels == {arch: "arm64", "color": "green", "size": "small"}
    assert made.node("sat-2").labels == {arch: "amd64"}
    assert made.node(GROUND).labels == {"color": "blue"}
    assert made.node("sat-2").resources == {"nvidia.com/gpu": "1"}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(satellites=1), "has 2 satellites and does not shrink"),
        (Request(satellites=201), "0 to 200 satellites"),
        (Request(satellites=-1), "0 to 200 satellites"),
        (Request(architectures=["arm64"] * 3), "3 architectures for 2 satellites"),
        (Request(labels={"sat-9": {"a": "b"}}), "no node sat-9; it has ground, sat-1, sat-2"),
    ],
)
def test_what_cannot_be_is_refused(request_: Request, message: str) -> None:
    before = state("lab", Request(satellites=2), None)
    with pytest.raises(LabError, match=message):
        state("lab", request_, before)
