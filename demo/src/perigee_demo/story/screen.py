"""The story as it happens, in the terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from perigee_demo.cluster import Cluster
from perigee_demo.story.journal import Entry
from perigee_demo.story.panel import Seen, constellation, panel, timeline
from perigee_demo.story.picture import write_picture
from perigee_demo.story.traffic_process import Counts, TrafficProcess
from perigee_demo.story.views import (
    ENDPOINTS,
    MODEL_ENDPOINTS,
    MODEL_PODS,
    MODELS,
    PODS,
    SATELLITES,
)

REFRESH_HZ: Final = 2.0


class Screen:
    """Lines of the story, with the constellation as it is beneath them.

    Where there is no terminal, lines alone; in scenes, the contact timeline as it is then.

    Args:
        console: what is written to.
        now: the clock that contact plans are read by.
    """

    def __init__(self, console: Console, now: Callable[[], datetime]) -> None:
        self._console = console
        self._now = now
        self._seen = Seen()
        self._traffic: TrafficProcess | None = None
        self._act = ""
        self._pictures: dict[str, list[RenderableType]] = {}

    def write(self, entry: Entry) -> None:
        """A line of the story; stays above what is live."""
        if entry.act != self._act:
            self._act = entry.act
            self._console.rule(Text(entry.act, style="bold"), align="left", style="dim")
        self._console.print(line(entry), soft_wrap=True)
        picture = self._pictures.setdefault(entry.act, [])
        picture.append(line(entry))
        if entry.scene:
            picture += [Text(), constellation(self._seen, self._counts, self._now()), Text()]
            if not self._console.is_terminal:
                self._console.print(timeline(self._seen, self._now()))

    def watch(self, traffic: TrafficProcess | None) -> None:
        """The client whose counts are shown."""
        self._traffic = traffic

    def save(self, act: str, path: Path) -> None:
        """Writes an act, its lines and its scenes, as a picture (SVG)."""
        write_picture(path, act, self._pictures.get(act, []))
        self._console.print(line(Entry(act, f"as a picture: {path}")), soft_wrap=True)

    @asynccontextmanager
    async def live(self, cluster: Cluster) -> AsyncIterator[None]:
        """Follows the constellation while the block runs; shows it where there is a terminal."""
        following = [
            asyncio.create_task(each)
            for each in (
                self._follow_satellites(cluster),
                self._follow_models(cluster),
                self._follow_endpoints(cluster),
                self._follow_pods(cluster),
            )
        ]
        try:
            if not self._console.is_terminal:
                yield
                return
            with Live(
                console=self._console, get_renderable=self._panel, refresh_per_second=REFRESH_HZ
            ):
                yield
        finally:
            for task in following:
                task.cancel()

    async def _follow_satellites(self, cluster: Cluster) -> None:
        async for self._seen.satellites in cluster.follow(SATELLITES):
            pass

    async def _follow_models(self, cluster: Cluster) -> None:
        async for self._seen.models in cluster.follow(MODELS):
            pass

    async def _follow_endpoints(self, cluster: Cluster) -> None:
        async for self._seen.endpoints in cluster.follow(ENDPOINTS, labels=MODEL_ENDPOINTS):
            pass

    async def _follow_pods(self, cluster: Cluster) -> None:
        async for self._seen.pods in cluster.follow(PODS, labels=MODEL_PODS):
            pass

    def _panel(self) -> RenderableType:
        return panel(self._seen, self._counts, self._now())

    @property
    def _counts(self) -> Counts:
        return {} if self._traffic is None else self._traffic.counts


def line(entry: Entry) -> Text:
    """An entry: seconds, and what happened."""
    seconds = "" if entry.after_s is None else f"{entry.after_s:.1f} s"
    mark, style = ("✗", "bold red") if not entry.kept else ("✓", "green")
    if entry.kept and entry.after_s is None:
        mark, style = "→", "cyan"
    return Text.assemble((f"{seconds:>8} ", "dim"), (f"{mark} ", style), entry.what)
