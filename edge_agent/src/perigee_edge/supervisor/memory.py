"""Whether a second copy of a model has room, and whether the kernel has ended what had none.

Of the container's own control group, of version 1 or 2 (cgroups(7)), and of the machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SPARE: Final = 0.25
"""Of what the first copy takes: the second one may be larger, and both work."""

_KEPT_FREE: Final = 0.1
"""Of the limit and of the machine: with less free than that, no second copy is kept."""

_UNLIMITED: Final = 1 << 60
"""Version 1 says of no limit that it is nearly 2^63."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a container and its machine, in bytes."""

    limit: int | None
    """None: the container has none."""
    used: int
    """By the container, without what the kernel can take back at once."""
    machine: int
    machine_available: int

    def has_room(self, needed: int) -> bool:
        """Whether so much more fits into the limit and the machine. Pure.

        Without a limit nobody has said what the model may take: then there is none.
        """
        if self.limit is None:
            return False
        wanted = needed * (1 + _SPARE)
        within = self.limit * (1 - _KEPT_FREE) - self.used >= wanted
        return within and self.machine_available - wanted >= self.machine * _KEPT_FREE

    @property
    def is_short(self) -> bool:
        """Whether a second copy had better go."""
        return not self.has_room(0)


def measure(own_limit: int | None, pids: Iterable[int], root: Path = Path("/")) -> Memory:
    """Read the figures; what cannot be read counts as no limit, or as nothing free.

    Args:
        own_limit: In bytes, where the control group has none; None: there is none, then.
        pids: The processes that this one counts against.
        root: Where `proc` and `sys` are mounted: ``/`` but in tests.
    """
    machine = _fields(root / "proc/meminfo")
    new = root / "sys/fs/cgroup"
    old = new / "memory"
    limit = _number(new / "memory.max") or _number(old / "memory.limit_in_bytes")
    used = _number(new / "memory.current") or _number(old / "memory.usage_in_bytes") or 0
    stat = _fields(new / "memory.stat") or _fields(old / "memory.stat")
    reclaimable = stat.get("inactive_file", stat.get("total_inactive_file", 0))
    used = max(0, used - reclaimable)
    if limit is None or limit >= _UNLIMITED:
        limit, used = own_limit, sum(resident_bytes(pid, root) for pid in pids)
    return Memory(
        limit=limit,
        used=used,
        machine=machine.get("MemTotal:", 0) * 1024,
        machine_available=machine.get("MemAvailable:", 0) * 1024,
    )


def out_of_memory_kills(root: Path = Path("/")) -> int:
    """How many processes of the container the kernel has ended for want of memory."""
    new = _fields(root / "sys/fs/cgroup/memory.events")
    return (new or _fields(root / "sys/fs/cgroup/memory/memory.oom_control")).get("oom_kill", 0)


def resident_bytes(pid: int, root: Path = Path("/")) -> int:
    """Resident memory of a process; 0 if it is gone."""
    return _fields(root / f"proc/{pid}/status").get("VmRSS:", 0) * 1024


def _number(file: Path) -> int | None:
    try:
        text = file.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def _fields(file: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    try:
        lines = [line.split() for line in file.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return {}
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}
