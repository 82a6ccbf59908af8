"""Keeps a cache like a part of the API server: list once, then watch.

As client-go's informers do: a watch that ends is taken up at the last version seen; one that
cannot be (410, too old) is started anew with a listing, in which deletions that were missed show.
"""

import asyncio
from collections.abc import Callable
from typing import Final, NoReturn

import structlog

from perigee_operator.storage.api import EXPIRED, KubernetesApi
from perigee_operator.storage.cache import Cache
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.scope import Scope, WatchEvent

FIRST_DELAY_S: Final = 0.5
MAX_DELAY_S: Final = 10.0

MIN_WATCH_S: Final = 1.0
"""A watch that ends sooner counts as a failure, lest it be asked for in a tight loop."""

WATCH_TIMEOUT_S: Final = 300
"""At least so long a watch lasts; up to twice that, so that not all end at once."""


class WatchEndedError(Exception):
    """A watch ended as soon as it had begun."""


class Reflector:
    """Feeds one cache from one scope.

    Args:
        api: the API server.
        scope: which objects.
        cache: where they are kept.
        monotonic: seconds that only ever grow.
        random: a number in [0, 1), so that retries of many spread out.
    """

    def __init__(
        self,
        api: KubernetesApi,
        scope: Scope,
        cache: Cache,
        *,
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self.scope = scope
        self.cache = cache
        self.synced = asyncio.Event()
        """Set once the first listing is in the cache."""
        self.connected = False
        """Whether the cache follows the API server, as far as is known."""
        self._api = api
        self._monotonic = monotonic
        self._random = random
        self._version: str | None = None
        """Where a watch is to start; None: a listing is needed."""
        self._accepted_at: float | None = None
        """When the server took the watch that is running; None: none is."""
        self._failures = 0
        """In a row."""
        self._log = structlog.get_logger(__name__).bind(scope=scope.name)

    async def run(self) -> NoReturn:
        """Follows the API server until cancelled."""
        while True:
            try:
                if self._version is None:
                    self._version = await self._list()
                await self._watch(self._version)
            except (ApiError, ApiUnreachableError, WatchEndedError) as error:
                self._note_failure(error)
                asked_s = error.retry_after_s if isinstance(error, ApiError) else None
                await asyncio.sleep(retry_delay_s(self._failures, asked_s, self._random()))
            else:
                self._failures = 0

    async def _list(self) -> str:
        begun = self.cache.begin_listing()
        listing = await self._api.list(self.scope)
        self.cache.replace(listing, begun)
        self.synced.set()
        return listing.resource_version

    async def _watch(self, version: str) -> None:
        timeout_s = round(WATCH_TIMEOUT_S * (1 + self._random()))
        watch = self._api.watch(self.scope, resource_version=version, timeout_s=timeout_s)
        async with watch as events:
            self._note_connection()
            async for event in events:
                self._take(event)
        if not self._has_lasted():
            raise WatchEndedError("the watch ended as soon as it had begun")

    def _take(self, event: WatchEvent) -> None:
        if event.type in ("ADDED", "MODIFIED"):
            self.cache.upsert(event.object)
        elif event.type == "DELETED":
            self.cache.remove(event.object)
        self._version = event.object["metadata"]["resourceVersion"]

    def _note_connection(self) -> None:
        self._accepted_at = self._monotonic()
        if not self.connected:
            self.connected = True
            self._log.info("following")

    def _note_failure(self, error: Exception) -> None:
        self._failures = 1 if self._has_lasted() else self._failures + 1
        self._accepted_at = None
        if isinstance(error, ApiError) and error.status == EXPIRED:
            self._version = None
            self._log.info("listing anew", reason=error.message)
        elif self.connected or self._failures == 1:
            self._log.warning("not following", error=str(error))
        self.connected = False

    def _has_lasted(self) -> bool:
        return (
            self._accepted_at is not None and self._monotonic() - self._accepted_at >= MIN_WATCH_S
        )


def retry_delay_s(failures: int, asked_s: float | None, chance: float) -> float:
    """How long to wait before the next try: twice as long with every failure, up to a limit.

    Args:
        failures: in a row, from 1.
        asked_s: what the server asked for, if it did.
        chance: in [0, 1): up to a half is taken off, so that many do not come back at once.
    """
    delay_s = min(MAX_DELAY_S, FIRST_DELAY_S * 2.0 ** min(failures - 1, 10))
    return max(asked_s or 0.0, delay_s * (1 - chance / 2))
