"""`python -m perigee_lab.units.launch DESCRIPTION`: becomes a service's program.

Run in a mount namespace of its own. What it makes there is what systemd makes of the same
directives: a root of the service's own, read-only but for what is bound in; a temporary directory;
devices; the sockets from file 3 on (sd_listen_fds(3)); then a user without privileges.
"""

import ctypes
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

_FIRST: Final = 3
_ASIDE: Final = 100
_SET_NO_NEW_PRIVILEGES: Final = 38
"""prctl(2)."""

_DEVICES: Final = ("null", "zero", "full", "random", "urandom")


@dataclass(frozen=True, slots=True)
class Description:
    """What is to be run, and how."""

    command: list[str]
    environment: dict[str, str]
    root: str
    read_only: list[str]
    writable: list[str]
    user: int
    group: int
    no_new_privileges: bool
    sockets: list[int]
    """Numbers of open files."""
    socket_names: list[str]
    entrances: list[str]
    """The `cgroup.procs` files of the service's control group."""

    def argument(self) -> str:
        """For the command line."""
        return json.dumps(asdict(self))


def main(argument: str) -> None:
    """Become the program."""
    service = Description(**json.loads(argument))
    for entrance in service.entrances:
        Path(entrance).write_text("0")
    root = _mounted(service)
    count = len(service.sockets)
    for index, number in enumerate(service.sockets):
        os.dup2(number, _ASIDE + index)
    for index in range(count):
        os.dup2(_ASIDE + index, _FIRST + index)
    os.closerange(_FIRST + count, _ASIDE + count)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    os.chroot(root)
    os.chdir("/")
    # The capabilities go with the last of these.
    os.setgroups([])
    os.setresgid(service.group, service.group, service.group)
    os.setresuid(service.user, service.user, service.user)
    if service.no_new_privileges and prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    passed = {
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDS": str(count),
        "LISTEN_FDNAMES": ":".join(service.socket_names),
    }
    os.execve(service.command[0], service.command, service.environment | passed)  # noqa: S606


def _mounted(service: Description) -> str:
    """The root, with everything mounted in it."""
    root = os.path.realpath(service.root)
    _run("mount", "--bind", root, root)
    _run("mount", "-o", "remount,bind,ro", root)
    bound = [(path, "ro") for path in service.read_only] + [(p, "rw") for p in service.writable]
    for path, how in sorted(bound):
        _run("mount", "--bind", path, f"{root}{path}")
        _run("mount", "-o", f"remount,bind,{how}", f"{root}{path}")
    _run("mount", "-t", "proc", "proc", f"{root}/proc")
    _run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmp", f"{root}/tmp")  # noqa: S108 - its own
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "dev", f"{root}/dev")
    for device in _DEVICES:
        Path(f"{root}/dev/{device}").touch()
        _run("mount", "--bind", f"/dev/{device}", f"{root}/dev/{device}")
    return root


def _run(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603 - mounts alone


if __name__ == "__main__":
    main(sys.argv[1])
