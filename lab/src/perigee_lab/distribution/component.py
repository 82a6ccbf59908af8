"""A program that runs on a node."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

NODE_DIRECTORY: Final = "/var/lib/perigee-node"
"""On a node: programs in `bin`, what components read in `etc`, what they keep in `data`."""

BIN: Final = f"{NODE_DIRECTORY}/bin"
ETC: Final = f"{NODE_DIRECTORY}/etc"
DATA: Final = f"{NODE_DIRECTORY}/data"
UNITS: Final = f"{NODE_DIRECTORY}/units"
"""Unit files of systemd that somebody has provisioned the node with."""


@dataclass(frozen=True, slots=True)
class Component:
    """A program that runs on a node until the node is switched off."""

    name: str
    argv: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    """What it reads: path beneath `ETC`, and the text."""
    socket: str | None = None
    """The unix socket that the components after it need, as a path on the node."""

    @property
    def fingerprint(self) -> str:
        """Tells this component from one with another command or other files."""
        told = repr((self.argv, sorted(self.files.items())))
        return hashlib.sha256(told.encode()).hexdigest()
