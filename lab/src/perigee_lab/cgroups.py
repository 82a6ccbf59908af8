"""The lab's control groups, under version 1 and version 2.

Each node has `/perigee-lab/<lab>/<node>`: in `system` the node's components, beside it what its
kubelet makes for pods. With version 1 the same path exists in every mounted hierarchy.
Which processes belong to a lab is asked of the control groups: no record can be lost or stale.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perigee_lab import mounts, waiting
from perigee_lab.errors import LabError
from perigee_lab.mounts import Mount

ROOT: Final = "perigee-lab"
SYSTEM: Final = "system"
_MOUNT: Final = Path("/sys/fs/cgroup")
_KUBELET_CONTROLLERS: Final = frozenset({"cpuset", "cpu", "io", "memory", "hugetlb", "pids"})


@dataclass(frozen=True, slots=True)
class Hierarchies:
    """Where control groups are made."""

    directories: tuple[Path, ...]
    unified: bool
    """Version 2: one hierarchy, and controllers that each level hands down."""

    def create(self, path: str) -> None:
        """Make a group and those above it, with what a kubelet needs in them."""
        for directory in self.directories:
            group = directory
            for part in Path(path).parts:
                if self.unified:
                    _hand_down(group)
                group /= part
                group.mkdir(exist_ok=True)
                if not self.unified:
                    _inherit_cpuset(group)

    def delegate(self, path: str) -> None:
        """Let the groups beneath this one have controllers (version 2; version 1 always does)."""
        if self.unified:
            _hand_down(self.directories[0] / path)

    def entrances(self, path: str) -> list[Path]:
        """The files that a process writes `0` to in order to enter a group."""
        return [directory / path / "cgroup.procs" for directory in self.directories]

    def limit(
        self,
        path: str,
        *,
        memory_bytes: int | None = None,
        cpu_weight: int | None = None,
        most_tasks: int | None = None,
    ) -> None:
        """Limit what a group may use.

        Args:
            path: of the group.
            memory_bytes: it may have, page cache included.
            cpu_weight: its share, from 1 to 10,000; 100 is an ordinary one.
            most_tasks: processes and threads together.
        """
        wanted = {
            "memory.max": memory_bytes,
            "memory.limit_in_bytes": memory_bytes,
            "cpu.weight": cpu_weight,
            # What was 100 of 10,000 is 1,024 in version 1.
            "cpu.shares": None if cpu_weight is None else max(2, cpu_weight * 1024 // 100),
            "pids.max": most_tasks,
        }
        for directory in self.directories:
            for name, value in wanted.items():
                control = directory / path / name
                if value is not None and control.exists():
                    control.write_text(str(value))

    def processes(self, path: str) -> set[int]:
        """Ids of the processes in a group and in those beneath it."""
        found: set[int] = set()
        for directory in self.directories:
            # A group may go while it is read, here as well as below; its processes went before.
            for group, _, _ in os.walk(directory / path):
                with suppress(OSError):
                    found.update(map(int, Path(group, "cgroup.procs").read_text().split()))
        return found - {0}

    def memory_bytes(self, path: str) -> int | None:
        """What a group uses, without the page cache that could be dropped; None if unknown."""
        for directory in self.directories:
            statistics = directory / path / "memory.stat"
            if statistics.exists():
                return resident(statistics.read_text())
        return None

    def remove(self, path: str) -> None:
        """Remove a group and those beneath it. Their processes have ended or are about to."""
        for directory in self.directories:
            top = directory / path
            waiting.until(
                lambda top=top: _removed(top),  # type: ignore[misc]
                within_s=20,
                what=f"the control group {top} to be empty",
            )

    def remove_if_empty(self, path: str) -> None:
        """Remove a group unless there is something in it."""
        for directory in self.directories:
            with suppress(OSError):
                (directory / path).rmdir()


def of_lab(lab: str) -> str:
    """The group of all that a lab runs."""
    return f"{ROOT}/{lab}"


def of_node(lab: str, node: str) -> str:
    """The group of a node: the root that its kubelet works under."""
    return f"{ROOT}/{lab}/{node}"


def of_components(lab: str, node: str) -> str:
    """The group of a node's components."""
    return f"{ROOT}/{lab}/{node}/{SYSTEM}"


def discover(mounted: Iterable[Mount]) -> Hierarchies:
    """Find the hierarchies among the mounts.

    Raises:
        LabError: there is none that a kubelet could use.
    """
    mounted = list(mounted)
    if any(mount.kind == "cgroup2" and mount.point == _MOUNT for mount in mounted):
        return Hierarchies(directories=(_MOUNT,), unified=True)
    version_1: dict[str, Path] = {}
    for mount in mounted:
        # Beside those of version 1 there can be one of version 2, without controllers: runc makes
        # groups there too. Beneath a root other than / (in a container) the kubelet would look in
        # the wrong place.
        if mount.kind in {"cgroup", "cgroup2"} and mount.root == "/":
            version_1.setdefault(f"{mount.kind} {mount.options}", mount.point)
    if not version_1:
        raise LabError(
            f"no control groups are mounted at {_MOUNT}; a kubelet needs them (version 1 or 2)"
        )
    return Hierarchies(directories=tuple(version_1.values()), unified=False)


def here() -> Hierarchies:
    """The hierarchies of this machine."""
    return discover(mounts.here())


def resident(statistics: str) -> int:
    """Bytes in a memory.stat that belong to processes: rss of version 1, anon of version 2."""
    values = dict(line.split() for line in statistics.splitlines())
    return int(values.get("total_rss", values.get("anon", "0")))


def _hand_down(group: Path) -> None:
    control = group / "cgroup.subtree_control"
    available = set((group / "cgroup.controllers").read_text().split())
    missing = available & _KUBELET_CONTROLLERS - set(control.read_text().split())
    if missing:
        control.write_text(" ".join(f"+{name}" for name in sorted(missing)))


def _inherit_cpuset(group: Path) -> None:
    # A new cpuset of version 1 is empty, and no process can enter it.
    for name in ("cpuset.cpus", "cpuset.mems"):
        own = group / name
        if own.exists() and not own.read_text().strip():
            own.write_text((group.parent / name).read_text())


def _removed(top: Path) -> bool:
    if not top.exists():
        return True
    # Depth first: a group with groups in it cannot go.
    groups = sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True)
    for group in [*groups, top]:
        with suppress(OSError):
            group.rmdir()
    return not top.exists()
