from pathlib import Path

import pytest
from typer.testing import CliRunner

from perigee_lab.main import app
from perigee_lab.state import Layout, Node, State, save

PLAN = "satellites: {sat-1: [{start: 0, end: 9}]}"
REPEATING = "satellites: {sat-1: [{start: 0, end: 9, every: 20}]}"
STATE = State("lab", 1, ground_runs_pods=True, nodes=(Node("ground", 0), Node("sat-1", 1)))


@pytest.mark.parametrize(
    ("plan", "options", "message"),
    [
        (PLAN.replace("sat-1", "sat-7"), [], "lab has no node sat-7; it has ground, sat-1"),
        (PLAN.replace("sat-1", "ground"), [], "ground has no link of its own"),
        (PLAN.replace("9", "0"), [], "end must be later than start"),
        (REPEATING, ["--until-end"], "repeats without `until`"),
    ],
)
def test_what_cannot_be_played_is_said_before_a_link_is_touched(
    tmp_path: Path, plan: str, options: list[str], message: str
) -> None:
    layout = Layout(tmp_path / "lab")
    layout.directory.mkdir()
    save(layout, STATE)
    path = tmp_path / "plan.yaml"
    path.write_text(plan)
    lab = ["--name=lab", f"--directory={tmp_path}"]
    ended = CliRunner().invoke(app, [*lab, "play", str(path), *options])
    assert ended.exit_code == 1
    assert ended.stdout == ""
    assert message in " ".join(ended.stderr.split())


def test_without_a_lab(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    arguments = ["--name=none", f"--directory={tmp_path}", "play", str(path)]
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 1
    assert "there is no lab none" in " ".join(ended.stderr.split())
