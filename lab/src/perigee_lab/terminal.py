"""What the commands share: how they say what they do, and what failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console
from rich.text import Text

from perigee_lab.errors import LabError
from perigee_lab.lab import Lab
from perigee_lab.progress import OnConsole

MESSAGES: Final = Console(stderr=True)
REPORT: Final = OnConsole(MESSAGES)


def lab_of(context: typer.Context) -> Lab:
    """The lab that a command is about."""
    lab = context.obj
    if not isinstance(lab, Lab):
        raise TypeError("the callback makes the lab")
    return lab


@contextmanager
def working() -> Iterator[None]:
    """Show that something is under way; what fails is said in a line, with exit status 1."""
    with errors(), REPORT.spinning():
        yield


@contextmanager
def errors() -> Iterator[None]:
    """Say what fails in a line, with exit status 1."""
    try:
        yield
    except LabError as error:
        MESSAGES.print(Text(f"perigee-lab: {error}", style="red"), soft_wrap=True)
        raise typer.Exit(1) from error
    except PermissionError as error:
        MESSAGES.print(Text(f"perigee-lab: {error}; run it as root", style="red"), soft_wrap=True)
        raise typer.Exit(1) from error
