from pathlib import Path
from typing import Any

import pytest

from perigee_edge.supervisor.memory import Memory, measure, out_of_memory_kills, resident_bytes

MIB = 1 << 20
MEMINFO = "MemTotal:       1048576 kB\nMemAvailable:    786432 kB\n"


def root(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, content in ({"proc/meminfo": MEMINFO} | files).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


NEW = {
    "sys/fs/cgroup/memory.max": f"{512 * MIB}\n",
    "sys/fs/cgroup/memory.current": f"{300 * MIB}\n",
    "sys/fs/cgroup/memory.stat": f"anon 5\ninactive_file {100 * MIB}\n",
    "sys/fs/cgroup/memory.events": "oom 1\noom_kill 3\n",
}
OLD = {
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{512 * MIB}\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{300 * MIB}\n",
    "sys/fs/cgroup/memory/memory.stat": f"rss 5\ntotal_inactive_file {100 * MIB}\n",
    "sys/fs/cgroup/memory/memory.oom_control": "oom_kill_disable 0\noom_kill 3\n",
}
UNLIMITED = "sys/fs/cgroup/memory/memory.limit_in_bytes"


@pytest.mark.parametrize("files", [NEW, OLD])
def test_both_versions_of_control_groups(tmp_path: Path, files: dict[str, str]) -> None:
    found = measure(None, [], root(tmp_path, files))
    assert found == Memory(512 * MIB, 200 * MIB, 1024 * MIB, 768 * MIB)
    assert out_of_memory_kills(tmp_path) == 3


@pytest.mark.parametrize(
    "files", [{}, {"sys/fs/cgroup/memory.max": "max\n"}, {UNLIMITED: "9223372036854771712\n"}]
)
def test_no_limit_is_no_room(tmp_path: Path, files: dict[str, str]) -> None:
    found = measure(None, [], root(tmp_path, files))
    assert found.limit is None
    assert not found.has_room(1)


def test_a_limit_of_ones_own(tmp_path: Path) -> None:
    files = {"proc/7/status": "Name:\tx\nVmRSS:\t   102400 kB\n"}
    found = measure(400 * MIB, [7, 8], root(tmp_path, files))
    assert (found.limit, found.used) == (400 * MIB, 100 * MIB)
    assert resident_bytes(8, tmp_path) == 0
    assert out_of_memory_kills(tmp_path) == 0


@pytest.mark.parametrize(
    ("memory", "room", "short"),
    [
        (Memory(512 * MIB, 200 * MIB, 1024 * MIB, 768 * MIB), True, False),
        (Memory(512 * MIB, 260 * MIB, 1024 * MIB, 768 * MIB), False, False),
        (Memory(512 * MIB, 470 * MIB, 1024 * MIB, 768 * MIB), False, True),
        (Memory(4096 * MIB, 200 * MIB, 1024 * MIB, 300 * MIB), False, False),
        (Memory(4096 * MIB, 200 * MIB, 1024 * MIB, 90 * MIB), False, True),
    ],
)
def test_room_for_a_second_copy(memory: Memory, room: Any, short: Any) -> None:
    assert memory.has_room(180 * MIB) is room
    assert memory.is_short is short
