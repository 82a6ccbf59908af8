from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from perigee_edge.main import app
from perigee_edge.serve import command
from perigee_edge.serve.arguments import as_served
from perigee_edge.serve.claimant import is_active
from perigee_edge.serve.settings import ServeSettings

PLAIN = ("--model=m", "--revision=r1", f"--artifact={'a' * 64}")
GOLDEN = (f"--golden={'b' * 64}", "--golden-metric=maxAbsoluteError", "--golden-threshold=0.25")
OTHER = (
    *("--threads=3", "--max-batch-size=2", "--max-batch-delay-ms=0.5", "--max-waiting=9"),
    *("--keep-memory", "--refuse-non-finite", "--max-body-bytes=5", "--max-json-bytes=6"),
    *("--max-bodies-bytes=7", "--body-timeout-s=8.5", "--drain-s=1", "--finish-s=2"),
    "--artifact-directory=/somewhere",
)


def settings_of(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> ServeSettings:
    found: list[ServeSettings] = []

    def run(settings: ServeSettings) -> int:
        found.append(settings)
        return 0

    monkeypatch.setattr(command, "run", run)
    # It would send the log of all tests that follow to this one's standard error.
    monkeypatch.setattr(command, "configure_logs", lambda _: None)
    result = CliRunner().invoke(app, ["serve", *arguments])
    assert result.exit_code == 0, result.output
    return found[0]


@pytest.mark.parametrize("options", [PLAIN, PLAIN + GOLDEN, PLAIN + GOLDEN + OTHER])
def test_another_server_is_started_as_this_one_was(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("--port=1", "--handover=/x", "--active-file=/y")
    settings = settings_of(options + here, monkeypatch)
    served = as_served(settings)
    again = settings_of((*served.arguments, "--handover-fd=7"), monkeypatch)
    assert again.model == settings.model
    assert again.limits == settings.limits
    assert again.server.drain_s == settings.server.drain_s
    assert (again.server.handover, again.server.active_file) == (None, None)
    assert served.artifacts == tuple(o.split("=")[1] for o in options if "=aaa" in o or "=bbb" in o)


@pytest.mark.parametrize(
    ("content", "expected"), [("true", True), ("true\n", True), ("", False), ("false", False)]
)
def test_active_as_the_pods_label_says(tmp_path: Path, content: str, expected: Any) -> None:
    file = tmp_path / "active"
    assert not is_active(file)
    file.write_text(content)
    assert is_active(file) is expected
    assert is_active(None)
