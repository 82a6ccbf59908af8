"""The operator's test of its own ears: it speaks, and must hear itself.

Silence means something only while the operator can hear. So it renews a Lease of its own among
those of the satellites, and expects to see that in the same watch stream.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NoReturn

import structlog

from perigee_api import names
from perigee_operator.domain.kinds import LEASE
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.errors import ApiError, ApiUnreachableError

OPERATOR_LEASE: Final = ObjectKey(LEASE, "perigee-operator", names.HEARTBEAT_NAMESPACE)

INTERVAL_S: Final = 3.0
MAX_AGE_S: Final = 15.0
"""Observation does not hold once the last echo was sent longer ago than this."""

NOT_FOUND: Final = 404


class Observation:
    """Since when everything that happens is seen: a decision on times handed in.

    An echo proves that all that was written before it was sent has been seen.
    """

    def __init__(self, max_age_s: float = MAX_AGE_S) -> None:
        self._max_age_s = max_age_s
        self._sent: dict[str, float] = {}
        """Not heard yet: when each was sent, monotonic seconds, oldest first."""
        self._covered_s: float | None = None
        """When the last one that was heard had been sent."""
        self._since: datetime | None = None

    def note_sent(self, token: str, at_s: float) -> None:
        """Something was sent that is to come back."""
        self._sent = {
            other: sent_s
            for other, sent_s in self._sent.items()
            if at_s - sent_s <= self._max_age_s
        }
        self._sent[token] = at_s

    def note_echo(self, token: str, at_s: float, now: datetime) -> None:
        """Something came back; what was not sent lately counts for nothing."""
        sent_s = self._sent.pop(token, None)
        if sent_s is None:
            return
        if self.since(at_s) is None:
            self._since = now
        self._covered_s = sent_s if self._covered_s is None else max(self._covered_s, sent_s)

    def since(self, at_s: float) -> datetime | None:
        """Since when observation has held without a gap; None where it does not hold."""
        if self._covered_s is None or at_s - self._covered_s > self._max_age_s:
            return None
        return self._since


class Echo:
    """Renews the operator's Lease, and hears of it.

    Args:
        api: where the Lease is renewed.
        instance: who renews it, so that another operator's renewals do not count.
        now: the ground's clock, UTC.
        monotonic: seconds that only ever grow.
    """

    def __init__(
        self,
        api: KubernetesApi,
        *,
        instance: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._api = api
        self._instance = instance
        self._now = now
        self._monotonic = monotonic
        self._observation = Observation()
        self._failing = False
        self._log = structlog.get_logger(__name__)

    @property
    def observing_since(self) -> datetime | None:
        """Since when observation has held without a gap; None where it does not hold."""
        return self._observation.since(self._monotonic())

    def hear(self, lease: Json) -> None:
        """Takes note of the operator's Lease as the watch shows it."""
        spec = lease.get("spec") or {}
        if spec.get("holderIdentity") == self._instance:
            self._observation.note_echo(str(spec.get("renewTime")), self._monotonic(), self._now())

    async def run(self) -> NoReturn:
        """Speaks every few seconds until cancelled."""
        while True:
            token = micro_time(self._now())
            self._observation.note_sent(token, self._monotonic())
            try:
                await self._speak(token)
            except (ApiError, ApiUnreachableError) as error:
                if not self._failing:
                    self._log.warning("the operator's Lease is not renewed", error=str(error))
                self._failing = True
            else:
                self._failing = False
            await asyncio.sleep(INTERVAL_S)

    async def _speak(self, token: str) -> None:
        lease = {
            "spec": {
                "holderIdentity": self._instance,
                "renewTime": token,
                "leaseDurationSeconds": round(MAX_AGE_S),
            }
        }
        try:
            await self._api.merge_patch(OPERATOR_LEASE, lease)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            await self._api.create(OPERATOR_LEASE, lease)


def micro_time(time: datetime) -> str:
    """As Kubernetes writes a MicroTime: UTC, six decimals, ``Z``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
