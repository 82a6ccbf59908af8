import os
from pathlib import Path

from perigee_images.cache import KEPT_ARCHIVES, superseded


def test_the_archives_used_last_are_kept(tmp_path: Path) -> None:
    for age in range(KEPT_ARCHIVES + 2):
        archive = tmp_path / f"{age}.tar"
        archive.touch()
        os.utime(archive, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "under-way.partial").touch()
    assert {archive.stem for archive in superseded(tmp_path)} == {
        str(KEPT_ARCHIVES),
        str(KEPT_ARCHIVES + 1),
    }
