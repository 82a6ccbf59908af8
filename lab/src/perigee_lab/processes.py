"""Processes that outlive the command that started them.

A process is known by its id and its time of start, so that an id that the kernel has given to
another process since is never taken for it.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from perigee_lab import waiting

_STATE: Final = 0
_STARTED: Final = 19
_START: Final = """
while [ "$1" != -- ]; do echo 0 > "$1" || exit; shift; done
log=$2
shift 2
# What a shell puts in the background ignores these two, and so would all its children.
env --default-signal=INT,QUIT "$@" </dev/null >>"$log" 2>&1 &
echo $!
"""


@dataclass(frozen=True, slots=True)
class Process:
    """One process, and never another one."""

    pid: int
    started: int
    """Clock ticks between the machine's start and the process's."""
    boot: str
    """The kernel's id of the machine's start."""

    @property
    def alive(self) -> bool:
        """Whether it still runs (one that waits to be reaped does not)."""
        return identify(self.pid) == self

    @property
    def command(self) -> str | None:
        """Name of the program it runs now; None if it has ended."""
        try:
            return Path(f"/proc/{self.pid}/comm").read_text().strip() if self.alive else None
        except (FileNotFoundError, ProcessLookupError):
            return None

    def kill(self) -> None:
        """End it at once, if it still runs."""
        # The descriptor holds on to the process: if it is still ours once the descriptor is
        # there, no other one can have its id.
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)
        waiting.until(lambda: not self.alive, within_s=30, what=f"the end of process {self.pid}")


@dataclass(frozen=True, slots=True)
class _Record:
    process: Process
    doing: str


def identify(pid: int) -> Process | None:
    """The process that has an id now; None where there is none or only its remains."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name stands in brackets and may itself hold brackets and blanks.
    fields = status[status.rindex(")") + 2 :].split()
    if fields[_STATE] in "ZX":
        return None
    return Process(pid=pid, started=int(fields[_STARTED]), boot=_boot_id())


def only_child(pid: int) -> Process | None:
    """The child of a process that has one; None while it has none."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return identify(int(children[0])) if children else None


def start(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    groups: Sequence[Path],
    descriptors: Sequence[int] = (),
) -> Process | None:
    """Start a process in a session of its own, so that it outlives this one and its terminal.

    Args:
        argv: the command, by its full path or by its name on the PATH of `environment`.
        environment: all of its environment.
        log: where its output goes, appended.
        groups: the `cgroup.procs` files of the control groups it enters first.
        descriptors: open files that it gets under the same numbers.

    Returns:
        The process; None if it has ended already, and then its log says why.
    """
    done = subprocess.run(  # noqa: S603
        ["/bin/sh", "-ec", _START, "sh", *map(str, groups), "--", str(log), *argv],
        check=True,
        env=dict(environment),
        pass_fds=descriptors,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    return identify(int(done.stdout))


def remember(record: Path, process: Process, doing: str = "") -> None:
    """Write down which process it is, and what it was started to do."""
    record.parent.mkdir(parents=True, exist_ok=True)
    new = record.with_suffix(".new")
    new.write_bytes(TypeAdapter(_Record).dump_json(_Record(process, doing)))
    new.replace(record)


def recall(record: Path, doing: str | None = None) -> Process | None:
    """The process that was written down, if it still runs.

    Args:
        record: where it was written down.
        doing: only if it was started to do this.
    """
    try:
        known = TypeAdapter(_Record).validate_json(record.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    if doing is not None and known.doing != doing:
        return None
    return known.process if known.process.alive else None


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
