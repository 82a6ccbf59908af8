"""Sockets that the init system has opened before it started this process.

The protocol of sd_listen_fds(3): the files from number 3 on are sockets, `LISTEN_FDS` of them, for
the process `LISTEN_PID`, called `LISTEN_FDNAMES`. Pure, but for making sockets of the numbers.
"""

import socket
from collections.abc import Mapping
from typing import Final

FIRST: Final = 3


class NotActivatedError(Exception):
    """The sockets are not there; the text says what is to be done."""


def passed(environment: Mapping[str, str], pid: int) -> dict[str, list[int]]:
    """Numbers of the passed files by name, in order. Pure.

    Raises:
        NotActivatedError: There are none, or they are another process's.
    """
    if environment.get("LISTEN_PID") != str(pid):
        raise NotActivatedError("no sockets were passed: run this by its systemd units")
    count = environment.get("LISTEN_FDS", "")
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    if not count.isdecimal() or int(count) != len(names):
        raise NotActivatedError(f"LISTEN_FDS is {count!r}, and LISTEN_FDNAMES has {len(names)}")
    found: dict[str, list[int]] = {}
    for number, name in enumerate(names, start=FIRST):
        found.setdefault(name, []).append(number)
    return found


def sockets(
    environment: Mapping[str, str], pid: int, names: tuple[str, ...]
) -> dict[str, list[socket.socket]]:
    """The passed sockets, none of which blocks or is inherited.

    Args:
        environment: Of the process.
        pid: Of the process.
        names: That must be there.

    Raises:
        NotActivatedError: One is missing.
    """
    found = passed(environment, pid)
    if missing := [name for name in names if name not in found]:
        raise NotActivatedError(f"no socket was passed that is called {' or '.join(missing)}")
    made = {name: [socket.socket(fileno=each) for each in found[name]] for name in names}
    for each in [one for group in made.values() for one in group]:
        each.setblocking(False)  # noqa: FBT003
        each.set_inheritable(False)
    return made
