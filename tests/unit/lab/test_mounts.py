from pathlib import Path

from perigee_lab import mounts
from perigee_lab.mounts import Mount


def test_optional_fields_and_escapes_are_read() -> None:
    line = r"36 35 98:0 /mnt1 /mnt/a\040b rw shared:1 master:2 - ext3 /dev/root rw,errors=continue"
    assert mounts.parse(line) == [
        Mount(Path("/mnt/a b"), "/mnt1", "ext3", "rw,errors=continue"),
    ]


def test_a_bind_mount_of_a_file_counts() -> None:
    here = {mount.point for mount in mounts.here()}
    assert all(mounts.is_mounted(point) for point in here)
    assert not mounts.is_mounted(Path(__file__))
