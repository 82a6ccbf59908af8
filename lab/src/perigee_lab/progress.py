"""How the lab says what it is doing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.text import Text


class Report(Protocol):
    """Told what happens. May be called from several threads."""

    def step(self, text: str) -> None:
        """Something is done."""

    def now(self, text: str) -> None:
        """Something is under way; the next word of it or of another replaces this one."""


class Silent:
    """Says nothing."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def now(self, text: str) -> None:
        """Say nothing."""


class OnConsole:
    """Lines with the seconds since the start; on a terminal a spinner with what is under way."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._status = console.status("")

    def step(self, text: str) -> None:
        """Print a line."""
        elapsed = time.monotonic() - self._started
        self._console.print(Text(f"{elapsed:6.1f} s  {text}"), soft_wrap=True)

    def now(self, text: str) -> None:
        """Show it beside the spinner, where there is a terminal."""
        self._status.update(Text(text))

    @contextmanager
    def spinning(self) -> Iterator["OnConsole"]:
        """Show the spinner while the block runs."""
        if self._console.is_terminal:
            with self._status:
                yield self
        else:
            yield self
