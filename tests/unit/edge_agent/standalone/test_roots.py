import fcntl
import os
import stat
from pathlib import Path

import pytest

from perigee_edge.standalone.roots import Image, Roots, TooLargeError
from perigee_edge.standalone.tree import NEEDED, entries, mount_points

PLENTY = 1 << 30
MOUNTINFO = r"""21 1 0:20 / / rw,relatime - overlay overlay rw
22 21 0:5 / /proc rw - proc proc rw
23 21 8:1 /x /etc/hosts rw - ext4 /dev/sda rw
24 21 8:1 /x /with\040blank rw - ext4 /dev/sda rw
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "image"
    for directory in ("usr/bin", "usr/share/doc", "etc", "proc", "var/cache"):
        (root / directory).mkdir(parents=True)
    (root / "usr/bin/python").write_bytes(b"program" * 1000)
    (root / "usr/bin/python").chmod(0o755)
    (root / "usr/share/doc/long").write_text("not needed")
    (root / "bin").symlink_to("usr/bin")
    (root / "etc/hosts").write_text("mounted over")
    (root / "etc/passwd").write_text("root")
    (root / "proc/1").write_text("mounted over")
    os.utime(root / "etc/passwd", (1_000_000, 1_000_000))
    os.mkfifo(root / "etc/pipe")
    return root


@pytest.fixture
def image(root: Path) -> Image:
    return Image(root, entries(root, mount_points(MOUNTINFO)))


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    (tmp_path / "standalone").mkdir()
    return Roots(tmp_path / "standalone")


def keep(roots: Roots, image: Image) -> str:
    return roots.keep(image, most_bytes=PLENTY, reserve_bytes=0)


def test_mount_points() -> None:
    assert mount_points(MOUNTINFO) == {"proc", "etc/hosts", "with blank"}


def test_what_belongs_to_the_image(image: Image) -> None:
    kinds = {entry.path: stat.S_IFMT(entry.mode) for entry in image.tree}
    assert kinds["usr/bin/python"] == stat.S_IFREG
    assert kinds["bin"] == stat.S_IFLNK
    assert kinds["proc"] == stat.S_IFDIR
    assert not {"proc/1", "usr/share", "usr/share/doc/long", "etc/pipe", "var/cache"} & kinds.keys()
    assert set(NEEDED) <= kinds.keys()
    sizes = {entry.path: entry.size_bytes for entry in image.tree}
    assert sizes["etc/hosts"] == 0, "what is mounted over it is not the image's"
    assert image.size_bytes == 7000 + 4


def test_a_copy_is_what_it_was_copied_from(roots: Roots, image: Image, tmp_path: Path) -> None:
    sha256 = keep(roots, image)
    copy = tmp_path / "standalone" / "current" / "root"
    assert copy.resolve().parent.name == sha256 == roots.current()
    assert (copy / "bin/python").read_bytes() == b"program" * 1000
    assert os.access(copy / "usr/bin/python", os.X_OK)
    assert not (copy / "etc/passwd").stat().st_mode & 0o111
    assert (copy / "etc/passwd").stat().st_mtime == 1_000_000
    assert roots.is_intact(sha256)


def test_a_copy_that_is_there_is_left_alone(roots: Roots, image: Image, tmp_path: Path) -> None:
    keep(roots, image)
    copy = tmp_path / "standalone" / "current" / "root"
    inode = copy.stat().st_ino
    keep(roots, image)
    assert copy.stat().st_ino == inode


@pytest.mark.parametrize("damage", ["change", "remove", "add", "mode"])
def test_a_damaged_copy_is_made_anew(
    roots: Roots, image: Image, tmp_path: Path, damage: str
) -> None:
    sha256 = keep(roots, image)
    file = tmp_path / "standalone" / "current" / "root" / "usr/bin/python"
    match damage:
        case "change":
            file.write_bytes(b"Program" * 1000)
        case "remove":
            file.unlink()
        case "add":
            file.with_name("more").touch()
        case "mode":
            file.chmod(0o644)
    assert not roots.is_intact(sha256)
    assert keep(roots, image) == sha256
    assert roots.is_intact(sha256)


def test_an_interrupted_copy_is_begun_again(roots: Roots, image: Image, tmp_path: Path) -> None:
    left = tmp_path / "standalone" / "roots" / ".partial" / "root" / "usr"
    left.mkdir(parents=True)
    assert roots.is_intact(keep(roots, image))
    assert not left.exists()


def test_another_image_is_used_and_the_old_copy_goes_when_nothing_runs_from_it(
    roots: Roots, image: Image, root: Path, tmp_path: Path
) -> None:
    first = keep(roots, image)
    (root / "etc/passwd").write_text("changed")
    second = keep(roots, Image(root, entries(root, mount_points(MOUNTINFO))))
    assert second != first
    assert roots.current() == second
    running = os.open(tmp_path / "standalone" / "roots" / first / "root", os.O_RDONLY)
    fcntl.flock(running, fcntl.LOCK_SH)
    assert roots.remove_others() == 1
    assert roots.is_intact(first)
    os.close(running)
    assert roots.remove_others() == 0
    assert [path.name for path in (tmp_path / "standalone" / "roots").iterdir()] == [second]


@pytest.mark.parametrize(
    "limits",
    [{"most_bytes": 100, "reserve_bytes": 0}, {"most_bytes": PLENTY, "reserve_bytes": 1 << 60}],
)
def test_without_room_what_was_used_is_used_on(
    roots: Roots, image: Image, root: Path, limits: dict[str, int]
) -> None:
    first = keep(roots, image)
    (root / "etc/passwd").write_text("changed")
    with pytest.raises(TooLargeError, match="7007 bytes"):
        roots.keep(Image(root, entries(root, mount_points(MOUNTINFO))), **limits)
    assert roots.current() == first


def test_a_link_to_something_else_is_none(roots: Roots, tmp_path: Path) -> None:
    assert roots.current() is None
    (tmp_path / "standalone" / "current").symlink_to("/")
    assert roots.current() is None
