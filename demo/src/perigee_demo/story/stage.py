"""What every act has at hand."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from perigee_demo.artifacts.files import Artifacts
from perigee_demo.story.constellation import Collection, Constellation
from perigee_demo.story.journal import Entry, Journal, PromiseBrokenError
from perigee_demo.story.traffic_process import TrafficProcess
from perigee_demo.story.views import (
    ENDPOINTS,
    MODEL_ENDPOINTS,
    MODEL_PODS,
    MODELS,
    NODES,
    PODS,
    SATELLITES,
)

ALL_SATELLITES = Collection(SATELLITES)
ALL_NODES = Collection(NODES)
ALL_MODELS = Collection(MODELS)
ALL_COPIES = Collection(PODS, MODEL_PODS)
ALL_ENDPOINTS = Collection(ENDPOINTS, MODEL_ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Stage:
    """The constellation, the files in its depot, and the journal."""

    constellation: Constellation
    artifacts: Artifacts
    depot: str
    """URL."""
    journal: Journal
    now: Callable[[], datetime]


class Stopwatch:
    """Writes entries with the seconds since something was done."""

    def __init__(self, journal: Journal, act: str) -> None:
        self._journal = journal
        self._act = act
        self._since = time.monotonic()

    def start(self, what: str) -> None:
        """Something was done now; what follows is timed from here."""
        self._since = time.monotonic()
        self._journal.write(Entry(self._act, what))

    def saw(self, what: str, *, scene: bool = False) -> None:
        """Something that was promised has happened.

        Args:
            what: has.
            scene: the constellation is worth a look just now.
        """
        after_s = time.monotonic() - self._since
        self._journal.write(Entry(self._act, what, after_s, scene=scene))


@asynccontextmanager
async def act(stage: Stage, title: str, traffic: TrafficProcess | None) -> AsyncIterator[Stopwatch]:
    """An act; a promise that is broken in it is written down, and ends the story.

    Requests are promises, too: with traffic, none may fail or be answered wrongly meanwhile.

    Raises:
        PromiseBrokenError: as the act says.
    """
    try:
        yield Stopwatch(stage.journal, title)
        if traffic is not None:
            _all_answered(traffic)
    except PromiseBrokenError as error:
        stage.journal.write(Entry(title, str(error), kept=False))
        raise


def _all_answered(traffic: TrafficProcess) -> None:
    for count, meaning in (
        ("failed", "requests failed while a healthy satellite was in reach"),
        ("wrong", "answers were not those of the trusted network"),
        ("heldBack", "requests could not be sent, for too many were under way"),
    ):
        if number := traffic.counts.get(count, 0):
            raise PromiseBrokenError(f"{number} {meaning}: {traffic.counts['failures'][-3:]}")
