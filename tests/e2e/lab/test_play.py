"""A contact plan drives real links, and whoever ends it finds them restored."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perigee_lab import network
from perigee_lab.lab import Lab

SATELLITES = ("sat-1", "sat-2", "sat-3")
PLAN = """
satellites:
  sat-1: [{start: 0, end: 3}, {start: 6, end: 9}]
  sat-2: [{start: 2, end: 5}]
"""
CHANGES = [
    (0, "sat-1", "AOS"),
    (0, "sat-2", "LOS"),
    (2, "sat-2", "AOS"),
    (3, "sat-1", "LOS"),
    (5, "sat-2", "LOS"),
    (6, "sat-1", "AOS"),
    (9, "sat-2", "left"),
]
FOR_GOOD = "satellites: {sat-1: [{start: 0, end: 100, every: 200}], sat-3: []}"
LATE_S = 1.0
"""That a change may be late on a machine that has other things to do."""


def test_links_follow_the_plan(lab: Lab, tmp_path: Path) -> None:
    with playing(lab, PLAN, tmp_path, "--until-end", "--output=json") as player:
        assert player.stdout is not None
        seen = []
        for text in player.stdout:
            event = json.loads(text)
            up = network.link_is_up(lab.name, event["satellite"])
            assert up is (event["event"] != "LOS")
            seen.append(event)
        assert player.wait() == 0
    assert [(each["satellite"], each["event"]) for each in seen] == [
        (satellite, what) for _, satellite, what in CHANGES
    ]
    for event, (due, _, _) in zip(seen, CHANGES, strict=True):
        assert due <= event["atS"] < due + LATE_S
    assert all_up(lab)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_restores_all_links(
    lab: Lab, tmp_path: Path, number: signal.Signals
) -> None:
    with playing(lab, FOR_GOOD, tmp_path) as player:
        assert player.stdout is not None
        while "link cut" not in player.stdout.readline():
            assert player.poll() is None
        assert network.link_is_up(lab.name, "sat-3") is False
        player.send_signal(number)
        assert "sat-3  link restored at the end" in player.stdout.read()
        assert player.wait() == 0
    assert all_up(lab)


def test_on_a_terminal_it_shows_a_timeline(lab: Lab, tmp_path: Path) -> None:
    own, its = pty.openpty()
    with playing(lab, FOR_GOOD, tmp_path, output=its) as player:
        os.close(its)
        shown = ""
        while not ("NEXT" in shown and "━" in shown and "AOS" in shown):
            shown += os.read(own, 4096).decode(errors="replace")
        player.send_signal(signal.SIGINT)
        drain(own)
        assert player.wait() == 0
    os.close(own)
    assert all_up(lab)


def playing(
    lab: Lab, plan: str, directory: Path, *options: str, output: int = subprocess.PIPE
) -> "subprocess.Popen[str]":
    path = directory / "plan.yaml"
    path.write_text(plan)
    command = [sys.executable, "-m", "perigee_lab", f"--name={lab.name}", "play", str(path)]
    return subprocess.Popen(  # noqa: S603 - the lab itself
        [*command, *options],
        stdout=output,
        text=True,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    )


def drain(terminal: int) -> None:
    """Reads what is still written, so that nobody waits for a reader."""
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        return  # whoever wrote has gone


def all_up(lab: Lab) -> bool:
    cut = [node.name for node in lab.state.nodes if node.link.cut]
    return not cut and all(network.link_is_up(lab.name, name) for name in SATELLITES)
