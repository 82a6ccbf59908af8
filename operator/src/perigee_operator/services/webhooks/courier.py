"""Carries notices to one receiver, one after another."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

import aiohttp
import structlog

from perigee_operator.services.webhooks.notice import CONTENT_TYPE, Notice
from perigee_operator.services.webhooks.outbox import Outbox
from perigee_operator.services.webhooks.receiver import Receiver
from perigee_operator.services.webhooks.retry import (
    GIVE_UP_AFTER_S,
    Attempt,
    Delivery,
    judged,
    pause_s,
)
from perigee_operator.services.webhooks.signature import SigningKeyError, signed_headers
from perigee_operator.services.webhooks.tally import Tally

TIMEOUT_S: Final = 10.0
"""From the first byte sent to the last header of the answer; its body is not read."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a courier depends on."""

    session: aiohttp.ClientSession
    tally: Tally
    now: Callable[[], datetime]
    """The ground's clock, UTC."""
    monotonic: Callable[[], float]
    random: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    timeout_s: float = TIMEOUT_S


class Courier:
    """Carries what waits for a receiver, in order, each until it is settled.

    So that the order is kept, those behind wait. A receiver that fails is left alone for longer
    and longer, whichever notice it failed at.

    Args:
        receiver: who is told.
        key: what to sign with; asked at each attempt.
        surroundings: session, clocks, chance.
    """

    def __init__(
        self, receiver: Receiver, key: Callable[[], bytes], surroundings: Surroundings
    ) -> None:
        self.receiver = receiver
        self._key = key
        self._with = surroundings
        self._tls = receiver.tls()
        self._failures = 0
        self._trouble = ""
        self.outbox = Outbox(lambda: self._settle(Delivery.DROPPED))
        self._log = structlog.get_logger(__name__).bind(receiver=receiver.name)
        surroundings.tally.watch(receiver.name, self.outbox)

    async def run(self) -> NoReturn:
        """Carries until cancelled."""
        while True:
            await self._deliver(await self.outbox.take())

    async def _deliver(self, notice: Notice) -> None:
        while self._with.monotonic() - notice.offered_s < GIVE_UP_AFTER_S:
            attempt = await self._attempt(notice)
            self._report(attempt)
            if attempt.settled is not None:
                self._failures = 0
                self._settle(attempt.settled)
                return
            self._failures += 1
            self._with.tally.failed(self.receiver.name)
            pause = pause_s(self._failures, attempt.asked_s, self._with.random())
            await self._with.sleep(pause)
        self._settle(Delivery.EXPIRED)

    async def _attempt(self, notice: Notice) -> Attempt:
        now = self._with.now()
        try:
            signed = signed_headers(notice.id, notice.body, self._key(), now)
        except SigningKeyError as error:
            return Attempt(None, str(error))
        try:
            async with self._with.session.post(
                str(self.receiver.url),
                data=notice.body,
                headers={"Content-Type": CONTENT_TYPE, **signed},
                allow_redirects=False,
                ssl=self._tls,
                timeout=aiohttp.ClientTimeout(total=self._with.timeout_s),
            ) as answer:
                return judged(answer.status, answer.headers.get("Retry-After"), now)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Its text may hold the address, which is nobody's business here.
            return Attempt(None, f"no answer: {type(error).__name__}")

    def _settle(self, delivery: Delivery) -> None:
        self._with.tally.settled(self.receiver.name, delivery)

    def _report(self, attempt: Attempt) -> None:
        """Logs a trouble once, and once when it is over."""
        if attempt.why and attempt.why != self._trouble:
            outcome = attempt.settled or "TriedAgain"
            self._log.warning("a webhook fails", outcome=str(outcome), error=attempt.why)
        if self._trouble and not attempt.why:
            self._log.info("a webhook goes through again")
        self._trouble = attempt.why
