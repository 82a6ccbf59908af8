import io
from pathlib import Path

from rich.console import Console

from perigee_demo.story.command import run_demo
from perigee_lab.lab import Lab


def test_a_lab_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    lab, printed = Lab("perigee", directory=tmp_path), io.StringIO()
    lab.layout.directory.mkdir()
    assert run_demo(Console(file=printed), lab, keep=False) == 1
    assert "perigee-lab down" in printed.getvalue()
    assert lab.exists
