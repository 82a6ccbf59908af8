"""`python -m perigee_lab.units DIRECTORY GROUP`: starts what is enabled, and keeps it running.

DIRECTORY holds the unit files; GROUP is the control group that services get theirs beneath.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perigee_lab import cgroups
from perigee_lab.units.directives import (
    Command,
    ServiceUnit,
    SocketUnit,
    oneshot_unit,
    path_unit,
    service_unit,
    socket_unit,
)
from perigee_lab.units.files import enabled, load
from perigee_lab.units.launch import Description

_LOOK_S: Final = 0.2
"""How often a path that does not exist yet is looked for."""

_BACKLOG: Final = 4096


@dataclass(frozen=True, slots=True)
class Service:
    """A service, and the sockets that are open for it."""

    name: str
    unit: ServiceUnit
    before: list[Command]
    """Of the services that are run before it."""
    sockets: list[tuple[str, socket.socket]]
    group: str
    """Its control group."""

    def keep(self, groups: cgroups.Hierarchies) -> None:
        """Run it, again and again if its unit says so."""
        groups.create(self.group)
        groups.limit(
            self.group,
            memory_bytes=self.unit.memory_bytes,
            cpu_weight=self.unit.cpu_weight,
            most_tasks=self.unit.most_tasks,
        )
        entrances = groups.entrances(self.group)
        while True:
            status = self._run_once(entrances)
            print(f"{self.name} ended with {status}", flush=True)  # noqa: T201 - the log
            for pid in groups.processes(self.group):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not self.unit.restarts:
                return
            time.sleep(self.unit.restart_after_s)

    def _run_once(self, entrances: list[Path]) -> int:
        for command in self.before:
            status = subprocess.run(command.argv, check=False).returncode  # noqa: S603 - as below
            if status and not command.may_fail:
                return status
        numbers = [each.fileno() for _, each in self.sockets]
        description = Description(
            command=list(self.unit.command),
            environment=self.unit.environment,
            root=self.unit.root,
            read_only=list(self.unit.read_only),
            writable=list(self.unit.writable),
            user=self.unit.user,
            group=self.unit.group,
            no_new_privileges=self.unit.no_new_privileges,
            sockets=numbers,
            socket_names=[name for name, _ in self.sockets],
            entrances=[str(path) for path in entrances],
        )
        unshare = ["unshare", "--mount", "--propagation=private", "--"]
        launch = [sys.executable, "-m", "perigee_lab.units.launch", description.argument()]
        return subprocess.run(  # noqa: S603 - what a unit of the node's says
            [*unshare, *launch], check=False, pass_fds=numbers
        ).returncode


def opened(unit: SocketUnit) -> socket.socket:
    """The socket of a unit, listening."""
    path = Path(unit.path)
    path.parent.mkdir(mode=unit.directory_mode, parents=True, exist_ok=True)
    kind = socket.SOCK_SEQPACKET if unit.sequential else socket.SOCK_STREAM
    listening = socket.socket(socket.AF_UNIX, kind)
    path.unlink(missing_ok=True)
    listening.bind(unit.path)
    path.chmod(unit.mode)
    os.chown(path, unit.user, unit.group)
    listening.listen(_BACKLOG)
    return listening


def follow(directory: Path, name: str, group: str, groups: cgroups.Hierarchies) -> None:
    """Wait for a path unit's path, then keep its service."""
    path = path_unit(load(directory, name))
    while not Path(path.exists).exists():
        time.sleep(_LOOK_S)
    unit = service_unit(load(directory, path.unit))
    read = [socket_unit(load(directory, each)) for each in unit.sockets]
    service_group = f"{group}/{path.unit.removesuffix('.service')}"
    sockets = [(each.name, opened(each)) for each in read]
    before = [command for each in unit.after for command in oneshot_unit(load(directory, each))]
    Service(path.unit, unit, before, sockets, service_group).keep(groups)


def main(directory: Path, group: str) -> None:
    """Follow each unit that is enabled, side by side."""
    groups = cgroups.here()
    threads = [
        threading.Thread(target=follow, args=(directory, name, group, groups))
        for name in enabled(directory)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
