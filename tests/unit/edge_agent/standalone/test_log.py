import io
import json
import sys

import pytest

from perigee_edge.standalone.log import log


class Unbuffered(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def write(self, text: str) -> int:
        self.written.append(text)
        return len(text)


def test_a_line_is_one_write_that_no_other_process_can_break(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stderr = Unbuffered()
    monkeypatch.setattr(sys, "stderr", stderr)
    log("granted", server=2)
    (line,) = stderr.written
    assert line.endswith("\n")
    assert json.loads(line).items() >= {"event": "granted", "level": "info", "server": 2}.items()
