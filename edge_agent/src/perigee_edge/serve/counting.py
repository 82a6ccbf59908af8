"""Counts what a server answers, and cuts it into blocks. Pure: the time is passed in."""

from collections import deque
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from perigee_api.buckets import LATENCY
from perigee_api.served import Counts, ShadowCounts
from perigee_edge.counted import CountedBlock
from perigee_edge.serve.features import Reference, Sampled
from perigee_edge.serve.tensors import Tensors

BLOCK_S: Final = 480.0
"""A twelfth of a low orbit: what is compared with a block is of the same part of it. Several times
as long as a disturbance of one revision alone lasts."""

KEPT: Final = 16
"""Blocks that are told again and again: an agent that is started anew knows none."""


class ShadowOutcome(StrEnum):
    """What came of a request that was to be handed on to a candidate."""

    AGREED = "agreed"
    DIFFERED = "differed"
    FAILED = "failed"
    """The candidate did not answer."""
    DROPPED = "dropped"
    """It was not handed on, or had to give way."""


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
        self._shadow: ShadowCounts | None = None
        self._sampled: Sampled | None = None
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

    def refer_to(self, reference: Reference | None) -> None:
        """From now on samples are counted, beside those of a golden set; None: they are not."""
        self._sampled = Sampled(reference) if reference else None

    def sampled(self, inputs: Tensors, outputs: Tensors) -> None:
        """A request has got its outputs: all of the model's."""
        if self._sampled is not None:
            self._sampled.add(inputs, outputs)

    def shadowed(self, candidate: str, outcome: ShadowOutcome) -> None:
        """A request was handed on to a candidate, or was to be."""
        known = self._shadow
        if known is None or known.candidate != candidate:
            known = ShadowCounts(candidate=candidate)
        compared = outcome in {ShadowOutcome.AGREED, ShadowOutcome.DIFFERED}
        self._shadow = ShadowCounts(
            candidate=candidate,
            compared=known.compared + compared,
            agreed=known.agreed + (outcome is ShadowOutcome.AGREED),
            failed=known.failed + (outcome is ShadowOutcome.FAILED),
            dropped=known.dropped + (outcome is ShadowOutcome.DROPPED),
        )

    def cut(self, now_s: float) -> None:
        """Complete the block under way if it has lasted long enough.

        Nothing but the clock decides when: a block that ended once there were enough requests, or
        errors, would not be like another. One without a request is none; what was found of a
        candidate since then is told with the next.
        """
        if now_s - self._begun_s < self.length_s:
            return
        counts = Counts(errors=self._errors, latency=self._latency)
        features = self._sampled.cut() if self._sampled else None
        if counts.requests:
            self._blocks.append(
                CountedBlock(
                    **self._about,
                    sequence=self._sequence,
                    ended_s=now_s,
                    lasted_s=now_s - self._begun_s,
                    counts=counts,
                    shadow=self._shadow,
                    features=features,
                )
            )
            self._sequence += 1
            self._shadow = None
        self._begun_s, self._errors, self._latency = now_s, 0, {}
