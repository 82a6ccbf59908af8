"""Perigee's programs on a node, as processes of this machine."""

import os
import signal
from pathlib import Path
from typing import Final

from perigee_lab import cgroups, waiting
from perigee_lab.lab import Lab

SERVER: Final = "-m perigee_edge.worker"
ESTABLISHED: Final = "01"
"""As /proc/net/tcp has it; proc_net(5)."""


def program_ids(lab: Lab, node: str, command: str) -> list[int]:
    """Ids of the processes on a node that run `perigee-edge COMMAND` or `perigee-operator`."""
    found = cgroups.here().processes(cgroups.of_node(lab.name, node))
    return sorted(pid for pid in found if command in _command_line(pid))


def the_program(lab: Lab, node: str, command: str) -> int:
    """Id of the one process on a node that runs a command, once there is one."""
    waiting.until(
        lambda: len(program_ids(lab, node, command)) == 1,
        within_s=30,
        what=f"{node} to run {command} once",
    )
    return program_ids(lab, node, command)[0]


def servers_of(lab: Lab, node: str, revision: str) -> list[int]:
    """Ids of the servers of a revision on a node that a supervisor has started."""
    option = f"--revision={revision}".encode()
    return [
        pid
        for pid in program_ids(lab, node, SERVER)
        if option in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]


def kill_while_idle(pid: int) -> bool:
    """Ends a server by SIGKILL unless somebody is connected to it; whether it did.

    It stands still while that is found out: who comes meanwhile waits for the next server.
    """
    os.kill(pid, signal.SIGSTOP)
    waiting.until(lambda: _stands_still(pid), within_s=30, what=f"process {pid} to stand still")
    idle = not _is_connected(pid)
    os.kill(pid, signal.SIGKILL if idle else signal.SIGCONT)
    return idle


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    return _status_kib(pid, "VmRSS") / 1024


def peak_mib(pid: int) -> float:
    """The most resident memory that a process has had."""
    return _status_kib(pid, "VmHWM") / 1024


def memory_limit_bytes(pid: int) -> int:
    """The most memory that the control group of a process may have; cgroups(7)."""
    rows = (line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    groups = {controllers: path.lstrip("/") for _, controllers, path in rows}
    if "memory" in groups:
        limit = Path("/sys/fs/cgroup/memory", groups["memory"], "memory.limit_in_bytes")
    else:
        limit = Path("/sys/fs/cgroup", groups[""], "memory.max")
    return int(limit.read_text())


def process_status(pid: int) -> dict[str, str]:
    """What /proc says of a process; proc(5) has the fields."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _stands_still(pid: int) -> bool:
    """Whether all threads have been stopped."""
    states = (task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/status"))
    return all("\nState:\tT" in state for state in states)


def _is_connected(pid: int) -> bool:
    """Whether a process has a TCP connection; what waits to be accepted is none of its."""
    tables = (Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6"))
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    connections = {f"socket:[{row[9]}]" for row in rows if row[3] == ESTABLISHED}
    files = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}
    return not connections.isdisjoint(files)


def _status_kib(pid: int, field: str) -> int:
    return int(process_status(pid)[field].split()[0])


def _command_line(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The interpreter comes first, then the script.
    names = [Path(word.decode(errors="replace")).name for word in words[1:2]]
    return " ".join([*names, *(word.decode(errors="replace") for word in words[2:3])])
