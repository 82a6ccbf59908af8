import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from perigee_edge.report.assignment import AssignmentMemory

ONE = json.dumps(
    {
        "version": 1,
        "epoch": 4,
        "heartbeatIntervalS": 5,
        "artifacts": [{"sha256": "a" * 64, "uri": "http://depot/a", "size": 3}],
    }
)


def test_what_was_heard_is_known_after_a_reboot(tmp_path: Path) -> None:
    memory = AssignmentMemory(tmp_path / "assignment.json")
    assert memory.hear(ONE)
    assert not memory.hear(ONE)
    rebooted = AssignmentMemory(tmp_path / "assignment.json")
    rebooted.recall()
    assert rebooted.current == memory.current
    assert not rebooted.hear(ONE)
    assert [path.name for path in tmp_path.iterdir()] == ["assignment.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        '{"artifacts": [{"sha256": "../../etc/passwd", "uri": "http://x", "size": 1}]}',
        '{"artifacts": [{"sha256": "' + "a" * 64 + '", "uri": "http://x", "size": 0}]}',
        '{"heartbeatIntervalS": NaN}',
        '{"heartbeatIntervalS": -1}',
    ],
)
def test_one_that_cannot_be_read_changes_nothing_and_is_logged_once(
    tmp_path: Path, text: str
) -> None:
    memory = AssignmentMemory(tmp_path / "assignment.json")
    memory.hear(ONE)
    before = memory.current
    with capture_logs() as logs:
        assert not any(memory.hear(text) for _ in range(10))
    assert memory.current == before
    assert [line["event"] for line in logs] == ["assignment_unreadable"]


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "assignment.json").write_text('{"epoch": 4, "artif')
    memory = AssignmentMemory(tmp_path / "assignment.json")
    with capture_logs() as logs:
        memory.recall()
    assert memory.current is None
    assert [line["event"] for line in logs] == ["assignment_file_unreadable"]


def test_without_room_on_disk_it_is_still_acted_upon(tmp_path: Path) -> None:
    memory = AssignmentMemory(tmp_path / "absent" / "assignment.json")
    with capture_logs() as logs:
        assert memory.hear(ONE)
    assert memory.current is not None
    assert memory.current.epoch == 4
    assert [line["event"] for line in logs] == ["assignment_not_saved"]
