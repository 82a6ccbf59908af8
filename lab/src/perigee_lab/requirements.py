"""What a machine must have for a lab to run on it."""

import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from perigee_lab.errors import LabError

_DEBIAN_PACKAGES: Final = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
    "ip": "iproute2",
    "tc": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
    "gcc": "gcc",
    "/usr/include/stdlib.h": "libc6-dev",
}
"""A program by name, or a file by path: and the package that brings it."""


def check(user: int | None = None, found: Callable[[str], bool] | None = None) -> None:
    """See that a lab can run here.

    Raises:
        LabError: it cannot; everything that is missing in one message.
    """
    if platform.system() != "Linux":
        raise LabError("the lab is made of Linux namespaces: it runs on Linux only")
    missing = missing_packages(found or _is_there)
    if missing:
        raise LabError(
            "Debian packages are missing; as root, run:\n"
            f"    apt-get install --no-install-recommends {' '.join(missing)}"
        )
    if (os.geteuid() if user is None else user) != 0:
        raise LabError(
            "the lab makes network namespaces, mounts and control groups, which only root may;"
            " run this as root (sudo)"
        )


def missing_packages(found: Callable[[str], bool]) -> list[str]:
    """The packages that bring what is not there, each once."""
    return sorted({package for name, package in _DEBIAN_PACKAGES.items() if not found(name)})


def _is_there(name: str) -> bool:
    return Path(name).exists() if name.startswith("/") else shutil.which(name) is not None
