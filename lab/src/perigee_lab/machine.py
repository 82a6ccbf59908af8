"""A node as a small machine of its own: mount, process, host name and network namespaces.

On board, /var/lib, /var/log, /run and /tmp are the node's own. Its first process holds the
namespaces: when that is killed, everything that runs on the node ends at once.
"""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from perigee_lab import cgroups, network, processes, waiting
from perigee_lab.distribution.component import (
    BIN,
    DATA,
    ETC,
    NODE_DIRECTORY,
    UNITS,
    Component,
)
from perigee_lab.errors import LabError
from perigee_lab.processes import Process
from perigee_lab.state import Layout

ENVIRONMENT: Final = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/",
    "LANG": "C.UTF-8",
    # A connection over a link that was cut shall be found dead soon after the link is back.
    "HTTP2_READ_IDLE_TIMEOUT_SECONDS": "5",
    "HTTP2_PING_TIMEOUT_SECONDS": "3",
}

_NAMESPACES: Final = ("--mount", "--pid", "--uts", "--ipc")
_INIT: Final = "init"
_BOOTED: Final = "sleep"
"""What a machine's first process becomes once the mounts are made."""

_LAST_BYTES: Final = 2000


@dataclass(frozen=True, slots=True)
class Machine:
    """A node's namespaces and what runs in them."""

    lab: str
    name: str
    layout: Layout
    groups: cgroups.Hierarchies

    @property
    def init(self) -> Process | None:
        """The node's first process; None if the machine is off."""
        return processes.recall(self._record(_INIT))

    def boot(self, programs: Mapping[str, Path]) -> None:
        """Start the machine, with nothing but its first process.

        Args:
            programs: directories that the node sees as folders of its own `BIN`, by name.
        """
        self.provision()
        group = cgroups.of_node(self.lab, self.name)
        # Groups of pods from before a crash: a machine that starts has none.
        self.groups.remove(group)
        self.groups.create(cgroups.of_components(self.lab, self.name))
        self.groups.delegate(group)
        script = resources.files("perigee_lab") / "machine-init.sh"
        directories = (self.layout.var_lib(self.name), self.layout.log(self.name))
        folders = [f"{folder}={directory}" for folder, directory in programs.items()]
        folders += [f"={directory}" for directory in _python()]
        unshare = ["unshare", *_NAMESPACES, "--propagation=slave", "--mount-proc"]
        init = self._start(
            _INIT,
            [
                *network.enter(self.lab, self.name),
                *unshare,
                # Whoever ends unshare ends the node and leaves no half of it behind.
                "--kill-child",
                *("sh", str(script), self.name, *map(str, directories), *folders),
            ],
        )
        waiting.until(
            lambda: not init.alive or init.command == _BOOTED,
            within_s=20,
            what=f"{self.name} to make its mounts",
        )
        if not init.alive:
            raise self._failure(_INIT, "could not be started")

    def provision(self) -> None:
        """Make the node's directories, as whoever provisions a satellite would."""
        self.layout.log(self.name).mkdir(parents=True, exist_ok=True)
        for directory in (BIN, ETC, DATA):
            self._on_host(directory).mkdir(parents=True, exist_ok=True)

    def halt(self) -> None:
        """End everything that runs on the node at once. Harmless if it is off."""
        if init := self.init:
            init.kill()

    @property
    def unit_directory(self) -> Path:
        """On the host: where what systemd would have in /etc/systemd/system is."""
        return self._on_host(UNITS)

    def bring(self, folder: Path) -> str:
        """Copy a folder of the host to the node; its path there."""
        there = f"{NODE_DIRECTORY}/brought/{folder.name}"
        shutil.copytree(folder, self._on_host(there), dirs_exist_ok=True)
        return there

    def inside(self, argv: Sequence[str]) -> list[str]:
        """The command that runs another one in all of the node's namespaces.

        Raises:
            LabError: the machine is off.
        """
        init = self.init
        if init is None:
            raise LabError(f"{self.name} is off; `perigee-lab boot {self.name}` starts it")
        enter = ["nsenter", f"--target={init.pid}", *_NAMESPACES]
        return [*enter, f"--net={network.path(self.lab, self.name)}", "--", *argv]

    def runs(self, component: str) -> bool:
        """Whether a component is alive."""
        return processes.recall(self._record(component)) is not None

    def start(self, component: Component) -> bool:
        """Start a component, and return without waiting for it.

        One that runs already is left alone, unless it was started with another command or other
        files: then this one takes its place.

        Returns:
            Whether it was started now.
        """
        record = self._record(component.name)
        if processes.recall(record, component.fingerprint) is not None:
            return False
        if before := processes.recall(record):
            before.kill()
        for path, text in component.files.items():
            self._write(path, text)
        if socket := self._socket(component):
            # What a program that was killed left behind answers nobody, and must not be waited for.
            socket.unlink(missing_ok=True)
        self._start(component.name, self.inside(component.argv), component.fingerprint)
        return True

    def wait_for_socket(self, component: Component) -> None:
        """Wait until a component has made its socket."""
        socket = self._socket(component)
        if socket is None:
            return
        waiting.until(
            lambda: socket.is_socket() or not self.runs(component.name),
            within_s=60,
            what=f"{component.name} on {self.name} to make {component.socket}",
        )
        if not self.runs(component.name):
            raise self._failure(component.name, "ended")

    def _socket(self, component: Component) -> Path | None:
        """A component's socket as the host sees it; None where it has none, or the node is off."""
        init = self.init
        if component.socket is None or init is None:
            return None
        return Path(f"/proc/{init.pid}/root{component.socket}")

    def log_of(self, component: str) -> Path:
        """Where a component's output goes."""
        return self.layout.log(self.name) / f"{component}.log"

    def _on_host(self, path: str) -> Path:
        return self.layout.var_lib(self.name) / Path(path).relative_to("/var/lib")

    def _record(self, process: str) -> Path:
        return self.layout.processes(self.name) / f"{process}.json"

    def _write(self, path: str, text: str) -> None:
        own = self._on_host(ETC) / path
        own.parent.mkdir(parents=True, exist_ok=True)
        own.touch(mode=0o600)
        own.write_text(text)

    def _start(self, name: str, argv: list[str], doing: str = "") -> Process:
        entry = processes.start(
            argv,
            environment=ENVIRONMENT,
            log=self.log_of(name),
            groups=self.groups.entrances(cgroups.of_components(self.lab, self.name)),
        )
        if entry is None:
            raise self._failure(name, "ended at once")
        # nsenter and unshare stay as parents: of a process in another process namespace only its
        # parent knows the id that it has here.
        waiting.until(
            lambda: processes.only_child(entry.pid) is not None or not entry.alive,
            within_s=10,
            what=f"{name} to start on {self.name}",
        )
        child = processes.only_child(entry.pid)
        if child is None:
            raise self._failure(name, "ended at once")
        processes.remember(self._record(name), child, doing)
        return child

    def _failure(self, component: str, what: str) -> LabError:
        log = self.log_of(component)
        said = log.read_text(errors="replace")[-_LAST_BYTES:] if log.exists() else ""
        return LabError(f"{component} on {self.name} {what}; the end of {log}:\n{said}")


def _python() -> list[str]:
    """What Python programs of the host need on a node: the interpreter, and all it imports from."""
    found: list[Path] = []
    for entry in (sys.prefix, sys.base_prefix, *sys.path):
        directory = Path(entry).resolve()
        if directory.is_dir() and not any(directory.is_relative_to(known) for known in found):
            found.append(directory)
    return [str(directory) for directory in found]
