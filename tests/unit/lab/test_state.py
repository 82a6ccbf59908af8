from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_lab.errors import LabError
from perigee_lab.state import Layout, Link, Node, State, check_name, load, save


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    node = Node("sat-1", 1, {"a": "b"}, {"nvidia.com/gpu": "1"}, Link(cut=True, kbit_s=256))
    state = State("lab", 40001, ground_runs_pods=False, nodes=(Node("ground", 0), node))
    save(Layout(tmp_path), state)
    assert load(Layout(tmp_path)) == state


def test_no_file_is_no_lab(tmp_path: Path) -> None:
    assert load(Layout(tmp_path)) is None


@given(text=st.binary())
def test_a_file_that_holds_something_else_is_refused_with_its_name(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    layout = Layout(tmp_path_factory.mktemp("lab"))
    layout.state.write_bytes(text)
    with pytest.raises(LabError, match=r"state\.json cannot be read .* `perigee-lab down`"):
        load(layout)


@pytest.mark.parametrize("name", ["a", "lab-1", "x" * 32])
def test_names_that_can_be(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a/b", "..", "a b", "x" * 33])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(LabError, match="cannot name a lab"):
        check_name(name)
