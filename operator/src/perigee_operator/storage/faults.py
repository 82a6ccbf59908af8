"""Fault points, for tests: the operator dies at a write of their choice.

``PERIGEE_FAULT=before:3`` kills the process, as a power loss would, when its third write is about
to be sent; ``after:3`` when the answer to it has come. Nothing happens where it is unset.
"""

import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, Self

from perigee_operator.storage.errors import ConfigurationError

VARIABLE: Final = "PERIGEE_FAULT"


class Moment(StrEnum):
    """When, seen from the write."""

    BEFORE = "before"
    AFTER = "after"


def die() -> None:
    """Ends this process at once, with nothing flushed and nobody told."""
    os.kill(os.getpid(), signal.SIGKILL)


class FaultPoint:
    """Counts writes, and strikes at one of them.

    Args:
        moment: before or after that write.
        number: which write, from 1; 0: none.
        strike: what happens then.
    """

    def __init__(
        self,
        moment: Moment = Moment.BEFORE,
        number: int = 0,
        strike: Callable[[], None] = die,
    ) -> None:
        self._moment = moment
        self._number = number
        self._strike = strike
        self._count = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """What ``PERIGEE_FAULT`` asks for.

        Raises:
            ConfigurationError: it is set to something else than ``before:N`` or ``after:N``.
        """
        text = environment.get(VARIABLE, "")
        if not text:
            return cls()
        match = re.fullmatch(r"(before|after):([1-9][0-9]{0,8})", text, re.ASCII)
        if match is None:
            raise ConfigurationError(f"{VARIABLE}={text!r}: expected before:N or after:N, N from 1")
        return cls(Moment(match[1]), int(match[2]))

    @contextmanager
    def write(self) -> Iterator[None]:
        """Goes around every write that is sent; a refused one counts like any other."""
        self._count += 1
        number = self._count
        self._reach(Moment.BEFORE, number)
        try:
            yield
        finally:
            self._reach(Moment.AFTER, number)

    def _reach(self, moment: Moment, number: int) -> None:
        if moment is self._moment and number == self._number:
            self._strike()
