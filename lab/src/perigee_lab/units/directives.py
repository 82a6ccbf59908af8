"""What units say, of what the lab knows of them."""

import re
import shlex
from dataclasses import dataclass
from typing import Final

from perigee_lab.errors import LabError
from perigee_lab.units.files import Settings, Unit

_PASSED_OVER: Final = {
    "Unit": {"Description", "Requires", "After", "RequiresMountsFor", "StartLimitIntervalSec"},
    "Install": {"WantedBy"},
    "Path": set(),
    "Socket": {"Backlog", "Service"},
    "Service": {
        # How it is ended: here its node loses power.
        *("Type", "KillMode", "TimeoutStopSec", "OOMPolicy"),
        # A process without capabilities that may get none, behind a read-only root of its own, is
        # what the lab makes of all these.
        *("MountAPIVFS", "ReadWritePaths", "CapabilityBoundingSet", "ProtectSystem", "PrivateTmp"),
        *("PrivateDevices", "ProtectHome", "ProtectHostname", "ProtectClock", "LockPersonality"),
        *("ProtectControlGroups", "ProtectKernelLogs", "ProtectKernelModules"),
        *("ProtectKernelTunables", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"),
        # Filters of system calls: systemd's own.
        *("RestrictAddressFamilies", "SystemCallArchitectures", "SystemCallFilter"),
    },
}
_BYTES: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SECONDS: Final = {"": 1.0, "s": 1.0, "ms": 0.001}
_QUANTITY: Final = re.compile(r"(\d+)([A-Za-z]*)")
_DEFAULT_WEIGHT: Final = 100


@dataclass(frozen=True, slots=True)
class PathUnit:
    """Starts a unit once a path exists."""

    exists: str
    unit: str


@dataclass(frozen=True, slots=True)
class SocketUnit:
    """A socket that is opened for a service."""

    path: str
    sequential: bool
    """Keeps packets apart (SOCK_SEQPACKET)."""
    mode: int
    directory_mode: int
    user: int
    group: int
    name: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that is run to its end, with the node's own files and all privileges."""

    argv: tuple[str, ...]
    may_fail: bool


@dataclass(frozen=True, slots=True)
class ServiceUnit:
    """A program that is kept running."""

    after: tuple[str, ...]
    """Services that are run to their end before each start."""
    command: tuple[str, ...]
    sockets: tuple[str, ...]
    environment: dict[str, str]
    root: str
    read_only: tuple[str, ...]
    writable: tuple[str, ...]
    user: int
    group: int
    no_new_privileges: bool
    memory_bytes: int | None
    cpu_weight: int
    most_tasks: int | None
    restarts: bool
    restart_after_s: float


class _Reader:
    """Takes directives out of a section; what is left over in the end is refused."""

    def __init__(self, unit: Unit, section: str) -> None:
        self._where = f"{unit.name}: [{section}]"
        self._rest: Settings = dict(unit.settings(section))
        for name, settings in unit.sections.items():
            if name != section:
                self._refuse(f"{unit.name}: [{name}]", settings, _PASSED_OVER.get(name, set()))
        self._passed_over = _PASSED_OVER[section]

    def one(self, directive: str, default: str | None = None) -> str:
        values = self._rest.pop(directive, ())
        value = values[-1] if values else default
        if value is None:
            raise LabError(f"{self._where} {directive}= is missing")
        return value

    def words(self, directive: str) -> tuple[str, ...]:
        return tuple(word for value in self._rest.pop(directive, ()) for word in value.split())

    def commands(self, directive: str) -> tuple[Command, ...]:
        return tuple(
            Command(tuple(shlex.split(value.removeprefix("-"))), value.startswith("-"))
            for value in self._rest.pop(directive, ())
        )

    def flag(self, directive: str) -> bool:
        return self.one(directive, "no") in {"yes", "true", "on", "1"}

    def quantity(self, directive: str, units: dict[str, float] | dict[str, int]) -> float | None:
        text = self.one(directive, "")
        if not text:
            return None
        found = _QUANTITY.fullmatch(text)
        if found is None or found[2] not in units:
            raise LabError(f"{self._where} {directive}={text}: the lab cannot read that")
        return int(found[1]) * units[found[2]]

    def end(self) -> None:
        self._refuse(self._where, self._rest, self._passed_over)

    @staticmethod
    def _refuse(where: str, settings: Settings, known: set[str]) -> None:
        if unknown := sorted(settings.keys() - known):
            raise LabError(f"{where}: the lab does not know {', '.join(unknown)}")


def path_unit(unit: Unit) -> PathUnit:
    """What a path unit says.

    Raises:
        LabError: it says something that the lab does not know.
    """
    reader = _Reader(unit, "Path")
    read = PathUnit(reader.one("PathExists"), reader.one("Unit"))
    reader.end()
    return read


def socket_unit(unit: Unit) -> SocketUnit:
    """What a socket unit says; one socket, with a path.

    Raises:
        LabError: it says something that the lab does not know.
    """
    reader = _Reader(unit, "Socket")
    stream, packets = reader.one("ListenStream", ""), reader.one("ListenSequentialPacket", "")
    if bool(stream) == bool(packets):
        raise LabError(f"{unit.name}: the lab opens one socket for each unit")
    read = SocketUnit(
        path=stream or packets,
        sequential=bool(packets),
        mode=int(reader.one("SocketMode", "0666"), 8),
        directory_mode=int(reader.one("DirectoryMode", "0755"), 8),
        user=int(reader.one("SocketUser", "0")),
        group=int(reader.one("SocketGroup", "0")),
        name=reader.one("FileDescriptorName", unit.name),
    )
    reader.end()
    return read


def service_unit(unit: Unit) -> ServiceUnit:
    """What a service unit says.

    Raises:
        LabError: it says something that the lab does not know.
    """
    reader = _Reader(unit, "Service")
    memory = reader.quantity("MemoryMax", _BYTES)
    tasks = reader.quantity("TasksMax", {"": 1})
    read = ServiceUnit(
        after=tuple(
            name
            for value in unit.settings("Unit").get("Requires", ())
            for name in value.split()
            if name.endswith(".service")
        ),
        command=tuple(shlex.split(reader.one("ExecStart"))),
        sockets=reader.words("Sockets"),
        environment=dict(_assignment(word) for word in reader.words("Environment")),
        root=reader.one("RootDirectory"),
        read_only=reader.words("BindReadOnlyPaths"),
        writable=reader.words("BindPaths"),
        user=int(reader.one("User")),
        group=int(reader.one("Group")),
        no_new_privileges=reader.flag("NoNewPrivileges"),
        memory_bytes=None if memory is None else int(memory),
        cpu_weight=int(reader.quantity("CPUWeight", {"": 1}) or _DEFAULT_WEIGHT),
        most_tasks=None if tasks is None else int(tasks),
        restarts=reader.one("Restart", "no") == "always",
        restart_after_s=reader.quantity("RestartSec", _SECONDS) or 0.1,
    )
    reader.end()
    return read


def oneshot_unit(unit: Unit) -> tuple[Command, ...]:
    """The commands of a service that is run to its end.

    Raises:
        LabError: it says something that the lab does not know.
    """
    reader = _Reader(unit, "Service")
    if reader.one("Type") != "oneshot":
        raise LabError(f"{unit.name} is required by a service, and not of Type=oneshot")
    commands = reader.commands("ExecStart")
    reader.end()
    return commands


def _assignment(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value
