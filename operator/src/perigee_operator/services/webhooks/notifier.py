"""Tells all receivers."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from perigee_operator.domain.writes import Announce
from perigee_operator.services.webhooks.courier import Courier, Surroundings
from perigee_operator.services.webhooks.notice import Notice, notice_body, notice_id
from perigee_operator.services.webhooks.predecessor import last_alive, left_behind
from perigee_operator.services.webhooks.receiver import Receiver
from perigee_operator.services.webhooks.signature import key_in
from perigee_operator.storage.api import KubernetesApi


class Notifier:
    """Takes announcements from the writer, which never waits, to couriers, which may.

    Args:
        receivers: who is told.
        source: which cluster speaks.
        keys: the directory of their keys.
        surroundings: session, clocks, chance.
    """

    def __init__(
        self, receivers: Sequence[Receiver], source: str, keys: Path, surroundings: Surroundings
    ) -> None:
        self._source = source
        self._with = surroundings
        self._couriers = [
            Courier(receiver, partial(key_in, keys / receiver.name), surroundings)
            for receiver in receivers
        ]
        self._alive: datetime | None = None
        self._started = surroundings.now()

    def tell(self, announce: Announce) -> None:
        """Has it told to all who want to know."""
        wanting = [c for c in self._couriers if c.receiver.wants(announce)]
        if wanting:
            notice = self._notice(notice_id(announce), announce)
            for courier in wanting:
                courier.outbox.put(notice)

    async def look_back(self, api: KubernetesApi) -> None:
        """Learns when the operator before this one ended; to be called before this one speaks."""
        if self._couriers:
            self._alive = await last_alive(api)

    async def run(self, api: KubernetesApi) -> None:
        """Tells, until cancelled, first what the operator before this one has left."""
        if self._alive is not None:
            self._restore(await left_behind(api, self._alive, self._started))
        async with asyncio.TaskGroup() as group:
            for courier in self._couriers:
                group.create_task(courier.run(), name=f"webhook {courier.receiver.name}")

    def _restore(self, found: Sequence[tuple[str, Announce]]) -> None:
        notices = [(self._notice(identity, announce), announce) for identity, announce in found]
        for courier in self._couriers:
            wanted = [n for n, announce in notices if courier.receiver.wants(announce)]
            courier.outbox.put_before(wanted)

    def _notice(self, identity: str, announce: Announce) -> Notice:
        body = notice_body(announce, identity, self._source)
        return Notice(identity, body, self._with.monotonic())
