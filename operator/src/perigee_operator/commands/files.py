"""Reading the files that a command is given."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from perigee_operator.formats.read import read
from perigee_operator.formats.record import Fault, Record

STDIN = "-"


def satellites_in(files: Sequence[Path]) -> tuple[list[Record], bool]:
    """All satellites in some files, and whether all could be read.

    What could not is told on standard error.
    """
    found: list[Record] = []
    sound = True
    for each in _contents(files):
        if isinstance(each, Fault):
            typer.echo(str(each), err=True)
            sound = False
        else:
            found.append(each)
    return found, sound


def _contents(files: Sequence[Path]) -> Iterator[Record | Fault]:
    for file in files:
        name = "standard input" if str(file) == STDIN else str(file)
        try:
            data = sys.stdin.buffer.read() if str(file) == STDIN else file.read_bytes()
            yield from read(data.decode(), name)
        except OSError as error:
            yield Fault(name, f"cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            yield Fault(name, f"is not text: byte {error.start} is not UTF-8")
