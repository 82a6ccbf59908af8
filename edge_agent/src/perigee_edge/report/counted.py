"""What servers on this satellite have counted, until the ground has been told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import structlog
from pydantic import ValidationError

from perigee_api.served import ServedBlock
from perigee_edge.counted import CountedBlock
from perigee_edge.report.baseline_memory import BaselineMemory
from perigee_edge.report.datagrams import hear

_log: Final = structlog.get_logger()

TOLD: Final = 3
"""Heartbeats that were answered, after which a block is told no more: the ground may miss one."""
KEPT: Final = 256
"""Blocks that are remembered; of more the oldest are lost."""
FORGOTTEN_S: Final = 120.0
"""A server says its last blocks again and again; what was told is forgotten once it does not."""

_Key = tuple[str, str, int]


@dataclass(slots=True)
class _Entry:
    block: ServedBlock
    ended_s: float
    heard_s: float
    told: int = 0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where the time is taken from."""

    monotonic_s: Callable[[], float]
    """The kernel's, as servers use it."""
    unix_s: Callable[[], float]
    """Seconds since 1970, as far as the satellite knows."""


class Counted:
    """The blocks of all servers."""

    def __init__(
        self,
        baselines: BaselineMemory,
        clocks: Clocks,
        period_s: Callable[[], int],
    ) -> None:
        """Nothing is heard before `run`.

        Args:
            baselines: What the blocks are compared with.
            clocks: The time.
            period_s: Of the orbit.
        """
        self._baselines = baselines
        self._clocks = clocks
        self._period_s = period_s
        self._entries: dict[_Key, _Entry] = {}

    async def run(self, address: Path) -> NoReturn:
        """Listen at a socket until cancelled."""
        await hear(address, self.take)

    def take(self, datagram: bytes) -> None:
        """Take up what a server says."""
        try:
            said = CountedBlock.model_validate_json(datagram)
        except ValidationError as error:
            _log.error("counts_unreadable", message=str(error)[:500])
            return
        now_s = self._clocks.monotonic_s()
        known = self._entries.get(said.key)
        if known is not None:
            known.heard_s = now_s
            return
        self._entries[said.key] = _Entry(self._served(said, now_s), said.ended_s, now_s)
        self._forget(now_s)

    def untold(self) -> tuple[ServedBlock, ...]:
        """What the ground is to be told, the oldest first, with its age by now."""
        now_s = self._clocks.monotonic_s()
        return tuple(
            entry.block.aged(now_s - entry.ended_s)
            for entry in self._entries.values()
            if entry.told < TOLD
        )

    def told(self, blocks: Sequence[ServedBlock]) -> None:
        """The ground has answered a heartbeat that had these."""
        for block in blocks:
            entry = self._entries.get((block.pod, block.run, block.sequence))
            if entry is not None:
                entry.told += 1

    def _served(self, said: CountedBlock, now_s: float) -> ServedBlock:
        age_s = max(0.0, now_s - said.ended_s)
        begun_s = self._clocks.unix_s() - age_s - said.lasted_s
        return ServedBlock(
            pod=said.pod,
            revision=said.revision,
            run=said.run,
            sequence=said.sequence,
            age_s=int(age_s),
            lasted_s=round(said.lasted_s),
            counts=said.counts,
            shadow=said.shadow,
            features=said.features,
            before=self._baselines.beside(said, begun_s, self._period_s()),
        )

    def _forget(self, now_s: float) -> None:
        kept = {
            key: entry
            for key, entry in self._entries.items()
            if entry.told < TOLD or now_s - entry.heard_s < FORGOTTEN_S
        }
        self._entries = dict(list(kept.items())[-KEPT:])
