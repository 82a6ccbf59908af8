"""Counts what a server answers, and cuts it into blocks. Pure: the time is passed in."""

from collections import deque
from http import HTTPStatus
from typing import Final

from perigee_api.buckets import LATENCY
from perigee_api.served import Counts
from perigee_edge.counted import CountedBlock

BLOCK_S: Final = 480.0
"""A twelfth of a low orbit: what is compared with a block is of the same part of it. Several times
as long as a disturbance of one revision alone lasts."""

KEPT: Final = 16
"""Blocks that are told again and again: an agent that is started anew knows none."""


class Counting:
    """The block under way, and the last ones."""

    def __init__(  # noqa: PLR0913 - what a block says of itself
        self,
        *,
        model: str,
        pod: str,
        revision: str,
        run: str,
        begun_s: float,
        length_s: float = BLOCK_S,
    ) -> None:
        """Nothing is counted yet.

        Args:
            model: ``<namespace>/<name>``.
            pod: Its uid.
            revision: That is served.
            run: A name that no other run of a server has.
            begun_s: The time, on a clock that only ever grows.
            length_s: Of a block.
        """
        self._about = {"model": model, "pod": pod, "revision": revision, "run": run}
        self.length_s = length_s
        """Of a block."""
        self._begun_s = begun_s
        self._sequence = 0
        self._errors = 0
        self._latency: dict[int, int] = {}
        self._blocks: deque[CountedBlock] = deque(maxlen=KEPT)

    @property
    def blocks(self) -> tuple[CountedBlock, ...]:
        """The last ones that are complete, the oldest first."""
        return tuple(self._blocks)

    def request(self, code: int, duration_s: float) -> None:
        """An inference request was answered with that status, after so long."""
        if code == HTTPStatus.OK:
            bucket = LATENCY.index(duration_s)
            self._latency[bucket] = self._latency.get(bucket, 0) + 1
        elif code == HTTPStatus.INTERNAL_SERVER_ERROR:
            self._errors += 1

    def cut(self, now_s: float) -> None:
        """Complete the block under way if it has lasted long enough.

        Nothing but the clock decides when: a block that ended once there were enough requests, or
        errors, would not be like another. One without a request is none.
        """
        if now_s - self._begun_s < self.length_s:
            return
        counts = Counts(errors=self._errors, latency=self._latency)
        if counts.requests:
            self._blocks.append(
                CountedBlock(
                    **self._about,
                    sequence=self._sequence,
                    ended_s=now_s,
                    lasted_s=now_s - self._begun_s,
                    counts=counts,
                )
            )
            self._sequence += 1
        self._begun_s, self._errors, self._latency = now_s, 0, {}
