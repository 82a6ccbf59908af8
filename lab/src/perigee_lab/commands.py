"""Runs the system's commands (ip, tc, ctr, go...) and turns their failures into words."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from perigee_lab.errors import LabError


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> str:
    """Run a command to its end and give its standard output.

    Raises:
        LabError: it is not there, or it failed; with what it wrote to standard error.
    """
    try:
        done = subprocess.run(  # noqa: S603
            list(map(str, argv)),
            capture_output=True,
            check=False,
            cwd=directory,
            env=environment,
            input=stdin.encode() if isinstance(stdin, str) else None,
            stdin=subprocess.DEVNULL if stdin is None else _stream(stdin),
        )
    except FileNotFoundError as error:
        raise LabError(f"the command {error.filename} is not there") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise LabError(f"`{' '.join(map(str, argv))}` failed ({done.returncode}): {said}")
    return done.stdout.decode(errors="replace")


def _stream(stdin: str | IO[bytes]) -> int | IO[bytes] | None:
    # With `input`, subprocess makes the pipe itself and refuses a stdin beside it.
    return None if isinstance(stdin, str) else stdin
