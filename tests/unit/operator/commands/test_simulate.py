"""``perigee-operator simulate``, as it is typed."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from perigee_operator.main import app

SMALL = ("--satellites", "20", "--stations", "2", "--days", "2.5")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def test_a_table_of_all_policies() -> None:
    result = run(*SMALL)
    assert result.exit_code == 0, result.output
    for policy in ("Perigee", "Kubernetes 1.34", "10 min of silence", "24 h of silence"):
        assert policy in result.stdout


def test_some_policies_and_losses_for_programs_and_a_plot(tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    chosen = ("--policy", "24h", "--policy", "kubernetes", "--loss", "0", "--loss", "0.2")
    result = run(*SMALL, *chosen, "--seed", "7", "-o", "json", "--plot", plot)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["scenario"]["seed"] == 7
    assert [(row["policy"], row["loss"]) for row in found["results"]] == [
        ("24 h of silence", 0.0),
        ("Kubernetes 1.34", 0.0),
        ("24 h of silence", 0.2),
        ("Kubernetes 1.34", 0.2),
    ]
    assert plot.read_text().startswith("<svg")


def test_the_same_seed_gives_the_same_figures() -> None:
    same = (*SMALL, "--policy", "kubernetes", "-o", "markdown")
    assert run(*same).stdout == run(*same).stdout
    assert run(*same).stdout.startswith("| lost heartbeats |")


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in (("--loss", "1.5"), ("--stations", "11"), ("--days", "1"), ("--policy", "x")):
        assert run(*SMALL, *wrong).exit_code == 2


def test_help_teaches() -> None:
    text = run("--help").stdout
    assert "false failover" in text.replace("\n", " ")
    assert "For example" in text
