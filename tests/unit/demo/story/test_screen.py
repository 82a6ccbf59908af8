import io
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from perigee_demo.story.journal import Entry
from perigee_demo.story.screen import Screen, line
from perigee_demo.story.summary import print_summary

COUNTS = {
    "sent": 12,
    "answered": 11,
    "failed": 1,
    "retried": 2,
    "slowestS": 0.7,
    "byRevision": {"r1": 11},
    "bySatellite": {"sat-1": 11},
}


def now() -> datetime:
    return datetime(2026, 11, 22, 12, 41, tzinfo=UTC)


def screen_on(file: io.StringIO, *, terminal: bool = False) -> Screen:
    return Screen(Console(file=file, width=80, force_terminal=terminal), now)


def test_a_line_says_whether_and_when() -> None:
    assert line(Entry("act", "cut")).plain.split() == ["→", "cut"]
    assert line(Entry("act", "moved", 2.34)).plain.split() == ["2.3", "s", "✓", "moved"]
    assert line(Entry("act", "late", kept=False)).plain.split() == ["✗", "late"]


def test_an_act_has_a_heading_once() -> None:
    file = io.StringIO()
    screen = screen_on(file)
    for what in ("one", "two"):
        screen.write(Entry("An act", what))
    assert file.getvalue().count("An act") == 1


@pytest.mark.parametrize("terminal", [False, True])
def test_a_scene_shows_the_timeline_where_nothing_is_live(*, terminal: bool) -> None:
    file = io.StringIO()
    screen = screen_on(file, terminal=terminal)
    screen.write(Entry("An act", "one"))
    assert "SATELLITE" not in file.getvalue()
    screen.write(Entry("An act", "two", 1.0, scene=True))
    assert ("SATELLITE" in file.getvalue()) is not terminal
    assert ("\x1b" in file.getvalue()) is terminal


def test_a_picture_holds_the_lines_and_scenes_of_its_act(tmp_path: Path) -> None:
    file = io.StringIO()
    screen = screen_on(file)
    screen.write(Entry("Another act", "something else"))
    screen.write(Entry("An act", "something <happened>", 12.3, scene=True))
    path = tmp_path / "new" / "picture.svg"
    screen.save("An act", path)
    assert f"as a picture: {path}" in file.getvalue()
    text = "".join(ET.parse(path).getroot().itertext())  # noqa: S314 - our own
    words = text.replace("\N{NO-BREAK SPACE}", " ")
    for expected in ("An act", "12.3 s", "something <happened>", "no requests"):
        assert expected in words
    assert "something else" not in words
    assert "url(http" not in path.read_text()


def test_the_summary_holds_every_entry_and_the_counts() -> None:
    file = io.StringIO()
    entries = [Entry("Loss", "power fails"), Entry("Loss", "work moved", 14.2)]
    print_summary(Console(file=file, width=120), entries, COUNTS)
    for words in (
        "power fails",
        "work moved",
        "14.2 s",
        "12 sent, 11 answered, 1 failed",
        "r1: 11",
    ):
        assert words in file.getvalue()
