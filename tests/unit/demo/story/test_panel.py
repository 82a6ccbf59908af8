import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console, RenderableType

from perigee_api.inference_model import InferenceModelStatus, ModelPhase
from perigee_demo.story.panel import Seen, container_text, counts_line, model_line, panel, timeline
from perigee_demo.story.views import Container

NOW = datetime(2026, 11, 22, 12, 41, tzinfo=UTC)
COUNTS = {
    "sent": 12,
    "answered": 11,
    "failed": 1,
    "retried": 2,
    "bySatellite": {"sat-1": 11},
}


def satellite(name: str, phase: str, **orbit: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"orbit": orbit}, "status": {"phase": phase}}


def window(begins_s: int, ends_s: int) -> dict[str, str]:
    return {
        "start": (NOW + timedelta(seconds=begins_s)).isoformat(),
        "end": (NOW + timedelta(seconds=ends_s)).isoformat(),
    }


def pod(satellite: str, container: str) -> dict[str, Any]:
    started = {"running": {"startedAt": "2026-11-22T12:38:07Z"}}
    status = {"restartCount": 0, "containerID": f"containerd://{container}", "state": started}
    return {
        "metadata": {"name": f"on-{satellite}", "uid": container},
        "spec": {"nodeName": satellite},
        "status": {"containerStatuses": [status]},
    }


SEEN = Seen(
    satellites=(
        satellite("sat-3", "Pending", unknown={}),
        satellite("sat-2", "ExpectedDark", contacts=[window(-600, -50), window(25, 9000)]),
        satellite("sat-1", "InContact", fixed={"latitude": 48.1, "longitude": 11.6}),
    ),
    endpoints=(
        {
            "endpoints": [{"addresses": ["10.0.0.1"], "nodeName": "sat-1"}],
            "ports": [{"port": 8080}],
        },
    ),
    pods=(pod("sat-1", "aaaabbbbcccc"), pod("sat-2", "ddddeeeeffff")),
)


def shown(what: RenderableType, width: int = 100) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width).print(what)
    return file.getvalue().splitlines()


def test_a_dark_satellites_timeline_shows_when_it_set_and_when_it_rises() -> None:
    _, first, second, third, below = (row.rstrip() for row in shown(timeline(SEEN, NOW)))
    assert first.split()[:2] == ["sat-1", "InContact"]
    assert set(first.split()[2]) == {"━", "│"}
    assert first.endswith("always")
    name, phase, bar, *following = second.split()
    assert (name, phase, " ".join(following)) == ("sat-2", "ExpectedDark", "AOS in 0:25")
    before, after = bar.split("│")
    for part in (before.rstrip("·"), after.lstrip("·")):
        assert set(part) == {"━"}
    assert third.split() == ["sat-3", "Pending", "unknown", "-"]
    assert below.split() == ["2:10", "ago", "now", "in", "1:50"]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_panel_fits_and_a_satellite_takes_a_line(width: int) -> None:
    rows = shown(panel(SEEN, COUNTS, NOW), width)
    assert {len(row) for row in rows} == {width}
    text = [" ".join(row.strip("│ ").split()) for row in rows]
    assert "sat-1 yes 11 aaaabbbb since 12:38:07" in text
    assert "sat-2 no 0 ddddeeee since 12:38:07" in text
    assert "sat-3 no 0" in text


def test_nothing_is_seen_at_first() -> None:
    text = "".join(shown(panel(Seen(), {}, NOW)))
    assert "model Pending, stable none" in text
    assert "no requests yet" in text


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (Container("0123456789", "2026-11-22T12:38:07Z", 0), "01234567 since 12:38:07"),
        (Container("01", "2026-11-22T12:38:07Z", 1), "01 since 12:38:07, restarted once"),
        (Container("", "", 0), "starts"),
        (Container("01", "", 2), "starts, restarted 2 times"),
    ],
)
def test_which_container(container: Container, expected: str) -> None:
    assert container_text(container) == expected


def test_the_model_and_the_requests() -> None:
    status = InferenceModelStatus(
        phase=ModelPhase.PROGRESSING, stable_revision="r1", candidate_revision="r2", weight=50
    )
    assert model_line(status).plain == "model Progressing, stable r1, candidate r2 at 50 %"
    assert (
        counts_line(COUNTS).plain == "requests: 12 sent, 11 answered, 1 failed, 2 at the second try"
    )
