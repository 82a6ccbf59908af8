"""Everything that the operator observes, in memory and up to date."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final, NoReturn

import structlog

from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.storage.agents import AgentCaches
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.cache import Cache, Change, Origin
from perigee_operator.storage.echo import OPERATOR_LEASE, Echo
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.heartbeats import HeartbeatFeed
from perigee_operator.storage.kept import (
    folded,
    identity_alone,
    of_a_node,
    of_a_pod,
)
from perigee_operator.storage.reflector import Reflector
from perigee_operator.storage.scope import Scope

OWN_KINDS: Final = (
    kinds.SATELLITE_NODE,
    kinds.INFERENCE_MODEL,
    kinds.ROLLOUT_ACTION,
    kinds.ROLLOUT_POLICY,
    kinds.GROUND_STATION,
)
"""Fed by kopf's handlers."""

KEPT: Final[Mapping[Kind, Callable[[Json], Json]]] = {
    kinds.NODE: of_a_node,
    kinds.POD: of_a_pod,
}
"""What of an object is kept; of other kinds all that anybody may ask for."""

WATCHED: Final = (
    Scope(kinds.NODE, slim=of_a_node),
    *(
        Scope(kind, label_selector=names.MODEL_LABEL, slim=KEPT.get(kind, folded))
        for kind in (
            kinds.POD,
            kinds.REPLICA_SET,
            kinds.DAEMON_SET,
            kinds.SERVICE,
            kinds.CONTROLLER_REVISION,
        )
    ),
)

AGENT_LEASES: Final = Scope(kinds.LEASE, names.HEARTBEAT_NAMESPACE)
KUBELET_LEASES: Final = Scope(kinds.LEASE, names.KUBELET_LEASE_NAMESPACE)


LISTING_INTERVAL_S: Final = 300.0
"""Perigee's own kinds are listed anew so often."""
LISTING_RETRY_S: Final = 10.0


class FleetCache:
    """One cache a kind; reads cost nothing and no request.

    Args:
        api: the API server.
        instance: a name of this process, for the operator's own Lease.
        now: the ground's clock, UTC.
        monotonic: seconds that only ever grow.
        random: a number in [0, 1).
        namespace: the operator's own, where the agents' DaemonSet is; None: it is not observed.
        on_change: called after every change that a plan may depend on. Kubelets' Leases and the
            operator's own do not count.
    """

    def __init__(  # noqa: PLR0913 - a clock is passed in, and so is chance
        self,
        api: KubernetesApi,
        *,
        instance: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        random: Callable[[], float],
        namespace: str | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.feed = HeartbeatFeed(now)
        self._api = api
        self._on_change = on_change
        self._echo = Echo(api, instance=instance, now=now, monotonic=monotonic)
        self._caches = {
            kind: Cache(self._note_change, KEPT.get(kind, folded))
            for kind in (*OWN_KINDS, *(scope.kind for scope in WATCHED))
        }
        self._agent_leases = Cache(self._note_agent_lease, identity_alone)
        self._kubelet_leases = Cache(self.feed.take_kubelet_lease, identity_alone)
        self._agents = AgentCaches(namespace, self._note_change)
        caches = {scope: self._caches[scope.kind] for scope in WATCHED} | {
            AGENT_LEASES: self._agent_leases,
            KUBELET_LEASES: self._kubelet_leases,
            **self._agents.by_scope(),
        }
        self._reflectors = [
            Reflector(api, scope, cache, monotonic=monotonic, random=random)
            for scope, cache in caches.items()
        ]
        self._seeded = asyncio.Event()
        self._heard_again = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    @property
    def observing_since(self) -> datetime | None:
        """Since when every heartbeat that came was seen, without a gap; None: not now."""
        return self._echo.observing_since

    def get(self, key: ObjectKey) -> Json | None:
        """One object as last seen, of a Lease only which it is; None where there is none."""
        cache = self._cache_of(key)
        return None if cache is None else cache.get(key.name, key.namespace)

    def values(self, kind: Kind) -> Collection[Json]:
        """All objects of a kind as last seen, but for Leases, of which `feed` tells.

        What the agents are made of is not among them.

        Raises:
            KeyError: a kind that is not observed.
        """
        return self._caches[kind].values()

    def agents(self, kind: Kind) -> Collection[Json]:
        """The agents' DaemonSet, its ControllerRevisions or its Pods, as last seen."""
        return self._agents.values(kind)

    def observe(self, kind: Kind, event_type: str | None, item: Json) -> None:
        """Takes in an event of one of Perigee's own kinds.

        Args:
            kind: one of `OWN_KINDS`.
            event_type: ADDED, MODIFIED, DELETED, or None for what was there at the start.
            item: the object, with its metadata.
        """
        if event_type == "DELETED":
            self._caches[kind].remove(item)
        else:
            self._caches[kind].upsert(item)

    def absorb(self, key: ObjectKey, item: Json) -> None:
        """Takes in the answer to a write or a read, so that it is known before the watch tells."""
        cache = self._cache_of(key, item)
        if cache is not None:
            cache.upsert(item, Origin.ANSWERED)

    def forget(self, key: ObjectKey, uid: str) -> None:
        """Takes an object out that the API server no longer knows."""
        cache = self._cache_of(key)
        item = None if cache is None else cache.get(key.name, key.namespace)
        if cache is not None and item is not None and item["metadata"]["uid"] == uid:
            cache.forget(item)

    async def seed(self) -> None:
        """Lists Perigee's own kinds, which no reflector follows; to be done before `run`.

        Raises:
            ApiError: refused: the CRDs are missing (404), or the rights (403).
            ApiUnreachableError: no answer.
        """
        for kind in OWN_KINDS:
            cache = self._caches[kind]
            begun = cache.begin_listing()
            cache.replace(await self._api.list(Scope(kind, slim=folded)), begun)
        self._seeded.set()

    async def synced(self) -> None:
        """Returns once everything has been listed: before that, absence means nothing."""
        await self._seeded.wait()
        for each in self._reflectors:
            await each.synced.wait()

    async def run(self) -> NoReturn:
        """Follows the API server until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._echo.run(), name="echo")
            group.create_task(self._seed_anew(), name="own kinds")
            for each in self._reflectors:
                group.create_task(each.run(), name=f"reflector {each.scope.name}")
        # None ends by itself: somebody has cancelled them all, as kopf does when it is told to end.
        raise asyncio.CancelledError

    async def _seed_anew(self) -> NoReturn:
        """Lists Perigee's own kinds when observation begins, and every few minutes.

        kopf does not tell what was deleted before it listed, or while its watch was broken.
        """
        pause_s = LISTING_INTERVAL_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._heard_again.wait()
            self._heard_again.clear()
            try:
                await self.seed()
            except (ApiError, ApiUnreachableError) as error:
                self._log.warning("own kinds are not listed anew", error=str(error))
                pause_s = LISTING_RETRY_S
            else:
                pause_s = LISTING_INTERVAL_S

    def _cache_of(self, key: ObjectKey, item: Json | None = None) -> Cache | None:
        """The cache that an object belongs in; None for what is not observed."""
        if key.kind == kinds.LEASE:
            return {
                names.HEARTBEAT_NAMESPACE: self._agent_leases,
                names.KUBELET_LEASE_NAMESPACE: self._kubelet_leases,
            }.get(key.namespace or "")
        of_agents = self._agents.cache_of(key, item)
        return self._caches.get(key.kind) if of_agents is None else of_agents

    def _note_change(self, _: Change) -> None:
        self._on_change()

    def _note_agent_lease(self, change: Change) -> None:
        if change.object["metadata"]["name"] != OPERATOR_LEASE.name:
            if self.feed.take_agent_lease(change):
                self._on_change()
        elif change.origin is Origin.STREAMED and not change.removed:
            self._hear(change.object)

    def _hear(self, lease: Json) -> None:
        held = self._echo.observing_since is not None
        self._echo.hear(lease)
        if not held:
            self._heard_again.set()
            self._on_change()
