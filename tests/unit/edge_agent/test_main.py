import subprocess
import sys

import pytest
from typer.testing import CliRunner

from perigee_edge.main import COMMANDS, app

RUNNER = CliRunner()


def test_help_names_every_command() -> None:
    result = RUNNER.invoke(app, ["--help"])
    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(name: str) -> None:
    result = RUNNER.invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert "--" in result.output


def test_an_unknown_command_is_refused() -> None:
    assert RUNNER.invoke(app, ["reprot"]).exit_code == 2


def test_outside_a_cluster_report_says_what_it_needs() -> None:
    result = RUNNER.invoke(app, ["report", "--node-name", "sat-1"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "--server" in result.output


def test_report_carries_no_inference_engine_and_no_server() -> None:
    heavy = ["onnxruntime", "numpy", "fastapi", "starlette", "uvicorn"]
    script = (
        "import sys\n"
        "from perigee_edge.main import app\n"
        "try:\n"
        "    app(['report', '--help'])\n"
        "except SystemExit:\n"
        f"    loaded = set({heavy}) & set(sys.modules)\n"
        "    sys.exit(f'report has loaded {loaded}' if loaded else 0)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
