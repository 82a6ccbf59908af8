"""Commands that are run for the user to see."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class UserError(Exception):
    """Something that the user can do something about; its text is all that is shown."""


def announce(what: str) -> None:
    """Shows what happens next. Standard output is kept for the result."""
    print(f"==> {what}", file=sys.stderr, flush=True)  # noqa: T201 - this is the display


def run(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Runs a command with its output on standard error.

    Raises:
        UserError: it ended with an error.
    """
    ended = subprocess.run(  # noqa: S603 - no shell, and every word is ours or the user's own
        command, check=False, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr
    )
    if ended.returncode != 0:
        raise UserError(f"{command[0]} ended with status {ended.returncode}: {' '.join(command)}")


def read(command: Sequence[str]) -> str:
    """A command's standard output.

    Raises:
        UserError: it ended with an error.
    """
    ended = subprocess.run(  # noqa: S603 - as above
        command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if ended.returncode != 0:
        raise UserError(f"{' '.join(command)}: {ended.stderr.strip()}")
    return ended.stdout


def succeeds(command: Sequence[str]) -> bool:
    """Whether a command is there and ends well; nothing of it is shown."""
    try:
        read(command)
    except (UserError, FileNotFoundError):
        return False
    return True
