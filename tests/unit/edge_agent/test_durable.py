import os
import stat
from pathlib import Path

import pytest

from perigee_edge.durable import replace_file


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    replace_file(file, b"old and longer")
    replace_file(file, b"new")
    assert file.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_when_the_disk_fails_the_old_file_still_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    file = tmp_path / "file"
    replace_file(file, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    target = os if failing == "fsync" else Path
    with monkeypatch.context() as patch:
        patch.setattr(target, failing, fail)
        with pytest.raises(OSError, match="No space left"):
            replace_file(file, b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_file_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, rename = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        order.append("sync directory" if directory else "sync file")
        sync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        order.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    replace_file(tmp_path / "file", b"new")
    assert order == ["sync file", "rename", "sync directory"]
