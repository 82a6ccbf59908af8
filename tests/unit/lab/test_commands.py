from pathlib import Path

import pytest

from perigee_lab import commands, waiting
from perigee_lab.errors import LabError


def test_output_comes_back_and_input_goes_in(tmp_path: Path) -> None:
    assert commands.run(["cat"], stdin="text") == "text"
    file = tmp_path / "file"
    file.write_text("of a file")
    with file.open("rb") as stream:
        assert commands.run(["cat"], stdin=stream) == "of a file"
    assert commands.run(["cat"]) == ""


def test_failure_tells_command_status_and_words() -> None:
    with pytest.raises(LabError, match=r"`sh -c echo no >&2; exit 3` failed \(3\): no"):
        commands.run(["sh", "-c", "echo no >&2; exit 3"])


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(LabError, match="the command no-such-command is not there"):
        commands.run(["no-such-command"])


def test_waiting_ends_with_the_condition_or_with_what_was_awaited() -> None:
    answers = iter([False, True])
    waiting.until(lambda: next(answers), within_s=5, what="never said")
    with pytest.raises(LabError, match="waited 0 s in vain: the sun"):
        waiting.until(lambda: False, within_s=0, what="the sun")
