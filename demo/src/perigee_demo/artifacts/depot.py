"""The depot's directory: what satellites fetch over HTTP lies in it."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from perigee_demo.artifacts.files import ArtifactFile


def place(files: Iterable[ArtifactFile], directory: Path) -> None:
    """Copies files into the depot under their own names; a reader never sees half of one."""
    directory.mkdir(parents=True, exist_ok=True)
    for file in files:
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".placing-", delete=False) as copy:
            with file.path.open("rb") as original:
                shutil.copyfileobj(original, copy)
            os.fchmod(copy.fileno(), 0o644)
        Path(copy.name).replace(directory / file.path.name)
