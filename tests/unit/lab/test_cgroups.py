from pathlib import Path

import pytest

from perigee_lab import cgroups, mounts
from perigee_lab.cgroups import Hierarchies
from perigee_lab.errors import LabError

UNIFIED = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
VERSION_1 = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 31 0:32 / /mnt/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""


def test_version_2_is_one_hierarchy() -> None:
    found = cgroups.discover(mounts.parse(UNIFIED))
    assert found == Hierarchies((Path("/sys/fs/cgroup"),), unified=True)


def test_version_1_is_every_hierarchy_once_and_what_stands_beside_it() -> None:
    names = ("cpu,cpuacct", "memory", "unified")
    expected = tuple(Path("/sys/fs/cgroup", name) for name in names)
    assert cgroups.discover(mounts.parse(VERSION_1)) == Hierarchies(expected, unified=False)


def test_without_control_groups_nothing_can_run() -> None:
    with pytest.raises(LabError, match="no control groups are mounted"):
        cgroups.discover(mounts.parse("22 27 0:21 / /proc rw - proc proc rw"))


def test_version_2_hands_controllers_down_to_what_a_kubelet_uses(tmp_path: Path) -> None:
    path = cgroups.of_components("lab", "sat-1")
    groups = [tmp_path, *(tmp_path / part for part in ("perigee-lab", "perigee-lab/lab"))]
    group = tmp_path / cgroups.of_node("lab", "sat-1")
    for each in (*groups, group):
        each.mkdir(exist_ok=True)
        (each / "cgroup.controllers").write_text("cpuset cpu io memory pids rdma\n")
        (each / "cgroup.subtree_control").write_text("")
    hierarchies = Hierarchies((tmp_path,), unified=True)
    hierarchies.create(path)
    hierarchies.delegate(cgroups.of_node("lab", "sat-1"))
    for each in (*groups, group):
        told = (each / "cgroup.subtree_control").read_text()
        assert told == "+cpu +cpuset +io +memory +pids"
    assert (tmp_path / path).is_dir()


def test_version_1_fills_cpusets_so_that_processes_can_enter(tmp_path: Path) -> None:
    (tmp_path / "cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset.mems").write_text("0\n")
    group = tmp_path / "perigee-lab"
    group.mkdir()
    (group / "cpuset.cpus").write_text("\n")
    (group / "cpuset.mems").write_text("1\n")
    Hierarchies((tmp_path,), unified=False).create("perigee-lab")
    assert (group / "cpuset.cpus").read_text() == "0-1\n"
    assert (group / "cpuset.mems").read_text() == "1\n", "what is set stays"


def test_processes_are_found_in_all_groups_beneath(tmp_path: Path) -> None:
    for part, pids in (("a", "1\n2\n"), ("a/b", "2\n3\n"), ("c", "4\n")):
        (tmp_path / part).mkdir()
        (tmp_path / part / "cgroup.procs").write_text(pids)
    hierarchies = Hierarchies((tmp_path,), unified=False)
    assert hierarchies.processes("a") == {1, 2, 3}
    assert hierarchies.processes("absent") == set()


def test_groups_are_removed_from_the_bottom(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    hierarchies = Hierarchies((tmp_path,), unified=False)
    hierarchies.remove("a")
    assert not (tmp_path / "a").exists()
    hierarchies.remove("a")


@pytest.mark.parametrize(
    ("statistics", "expected"),
    [("rss 1\ntotal_rss 5\ncache 9", 5), ("anon 7\nfile 9", 7), ("", 0)],
)
def test_resident_memory_is_read_of_both_versions(statistics: str, expected: int) -> None:
    assert cgroups.resident(statistics) == expected
