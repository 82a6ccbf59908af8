"""Keeps the cache as the assignment wants it, one artifact at a time, beside the heartbeat."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

import httpx
import structlog

from perigee_api.heartbeat import ArtifactReport, AssignedArtifact
from perigee_edge.artifacts.attempts import Attempt, after_failure, with_link_back
from perigee_edge.artifacts.download import address, download
from perigee_edge.artifacts.eviction import Limits, plan_eviction
from perigee_edge.artifacts.failures import (
    FailureReason,
    FetchError,
    Rejected,
    Superseded,
)
from perigee_edge.artifacts.held import Held
from perigee_edge.artifacts.next_step import Check, Fetch, Rest, is_most_urgent, next_step
from perigee_edge.artifacts.states import artifact_reports
from perigee_edge.artifacts.store import ArtifactStore

_log: Final = structlog.get_logger()
_STORE_RETRY_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where the worker takes the time from."""

    monotonic_s: Callable[[], float]
    """Runs evenly; for waiting."""
    wall_s: Callable[[], float]
    """Seconds since 1970; written on files."""


class ArtifactWorker:
    """Fetches, checks and evicts. `run` does the work; the other methods return at once."""

    def __init__(  # noqa: PLR0913 - each is something else
        self,
        store: ArtifactStore,
        client: httpx.AsyncClient,
        limits: Limits,
        *,
        check_every_s: float,
        clocks: Clocks,
        pinned: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """Nothing happens before `run`.

        Args:
            store: The cache's files.
            client: Fetches.
            limits: Of the cache.
            check_every_s: How often what is on board is read and verified.
            clocks: Where the time comes from.
            pinned: Digests of artifacts that stay on board though no assignment names them.
        """
        self._store = store
        self._client = client
        self._limits = limits
        self._check_every_s = check_every_s
        self._clocks = clocks
        self._pinned = pinned
        self._wanted: tuple[AssignedArtifact, ...] = ()
        self._held: tuple[Held, ...] = ()
        self._attempts: dict[AssignedArtifact, Attempt] = {}
        self._check_due_s: dict[str, float] = {}
        self._wanted_until_now: set[str] = set()
        self._store_trouble = False
        self._news = asyncio.Event()

    def want(self, artifacts: Iterable[AssignedArtifact]) -> None:
        """Keep these on board from now on, fetched in this order."""
        wanted: dict[str, AssignedArtifact] = {}
        for artifact in artifacts:
            wanted.setdefault(artifact.sha256, artifact)
        self._wanted_until_now |= {artifact.sha256 for artifact in self._wanted}
        self._wanted = tuple(wanted.values())
        # Room may have been made by what is not wanted any more.
        self._attempts = {
            artifact: attempt
            for artifact, attempt in self._attempts.items()
            if artifact in self._wanted
            and not (attempt.rejection and attempt.rejection.reason is FailureReason.NO_ROOM)
        }
        self._news.set()

    def link_is_back(self) -> None:
        """Try now what the loss of the link interrupted."""
        now_s = self._clocks.monotonic_s()
        self._attempts = {
            artifact: with_link_back(attempt, now_s) for artifact, attempt in self._attempts.items()
        }
        self._news.set()

    def reports(self) -> dict[str, ArtifactReport]:
        """What the ground is to know of each artifact."""
        return artifact_reports(self._wanted, self._held, self._attempts)

    async def take_stock(self) -> None:
        """See what is on board, so that the first report does not call it missing."""
        try:
            await asyncio.to_thread(self._look)
        except OSError as error:
            self._note_store_trouble(error)

    async def run(self) -> NoReturn:
        """Work until cancelled."""
        while True:
            self._news.clear()
            try:
                await self._one_step()
            except OSError as error:
                self._note_store_trouble(error)
                await self._rest(_STORE_RETRY_S)
            else:
                self._store_trouble = False

    async def _one_step(self) -> None:
        await asyncio.to_thread(self._look)
        now_s = self._clocks.monotonic_s()
        match next_step(self._wanted, self._held, self._attempts, self._check_due_s, now_s):
            case Fetch(artifact):
                await self._fetch(artifact)
            case Check(held):
                await self._check(held)
            case Rest(until_s):
                await self._rest(None if until_s is None else until_s - now_s)

    def _look(self) -> None:
        """Bring what is known of the cache up to date, and the cache back under its limit."""
        self._store.prepare()
        for sha256 in tuple(self._wanted_until_now):
            self._store.mark_wanted(sha256, self._clocks.wall_s())
            self._wanted_until_now.discard(sha256)
        self._make_room(0)
        self._held = self._store.held()
        complete = {one.sha256 for one in self._held if one.complete}
        for sha256 in self._check_due_s.keys() - complete:
            del self._check_due_s[sha256]

    def _make_room(self, wanted_bytes: int) -> None:
        """Evict so that there is room.

        Raises:
            Rejected: There is not enough, whatever is evicted; nothing was.
        """
        eviction = plan_eviction(
            self._store.held(),
            {artifact.sha256 for artifact in self._wanted} | self._pinned(),
            wanted_bytes=wanted_bytes,
            free_bytes=self._store.free_bytes(),
            limits=self._limits,
        )
        if eviction.missing_bytes and wanted_bytes:
            raise Rejected(
                FailureReason.NO_ROOM,
                f"{wanted_bytes} bytes are needed, {eviction.missing_bytes} too many for the cache "
                "or the disk, though nothing else is left to evict",
            )
        for one in eviction.remove:
            self._store.remove(one)
            _log.info("artifact_evicted", sha256=one.sha256, bytes=one.size_bytes)

    async def _fetch(self, artifact: AssignedArtifact) -> None:
        begun_s = self._clocks.monotonic_s()
        before_bytes = self._partial_bytes(artifact.sha256)
        try:
            await asyncio.to_thread(self._make_room, artifact.size - before_bytes)
            await download(artifact, self._store, self._client, self._progress_of(artifact))
        except Superseded:
            return
        except FetchError as error:
            self._note_failure(artifact, error)
            return
        now_s = self._clocks.monotonic_s()
        self._attempts.pop(artifact, None)
        self._check_due_s[artifact.sha256] = now_s + self._check_every_s
        _log.info(
            "artifact_verified",
            sha256=artifact.sha256,
            bytes=artifact.size,
            seconds=round(now_s - begun_s, 3),
        )

    def _progress_of(self, artifact: AssignedArtifact) -> Callable[[int], bool]:
        """Notes how many bytes have come; says whether to go on."""

        def proceed(fetched_bytes: int) -> bool:
            others = tuple(one for one in self._held if one.sha256 != artifact.sha256)
            now = Held(artifact.sha256, fetched_bytes, self._clocks.wall_s(), complete=False)
            self._held = (*others, now)
            attempt = self._attempts.get(artifact)
            if attempt is not None and not attempt.is_about_content:
                del self._attempts[artifact]
            return is_most_urgent(artifact, self._wanted, self._held, self._attempts)

        return proceed

    def _partial_bytes(self, sha256: str) -> int:
        return sum(
            one.size_bytes for one in self._held if one.sha256 == sha256 and not one.complete
        )

    def _note_failure(self, artifact: AssignedArtifact, error: FetchError) -> None:
        attempt = after_failure(self._attempts.get(artifact), error, self._clocks.monotonic_s())
        if artifact in self._wanted:
            self._attempts[artifact] = attempt
        if attempt.is_news:
            log = _log.bind(sha256=artifact.sha256, address=address(artifact.uri))
            if isinstance(attempt.error, Rejected):
                log.warning(
                    "artifact_failed", reason=attempt.error.reason.value, message=str(error)
                )
            else:
                log.warning("artifact_interrupted", message=str(error))

    async def _check(self, held: Held) -> None:
        if await asyncio.to_thread(self._store.is_intact, held.sha256):
            self._check_due_s[held.sha256] = self._clocks.monotonic_s() + self._check_every_s
            return
        _log.error("artifact_damaged", sha256=held.sha256, message="removed")
        await asyncio.to_thread(self._store.remove, held)

    def _note_store_trouble(self, error: OSError) -> None:
        if not self._store_trouble:
            _log.error("artifact_cache_unusable", message=str(error))
        self._store_trouble = True

    async def _rest(self, seconds: float | None) -> None:
        """Wait for so long, or for news."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
