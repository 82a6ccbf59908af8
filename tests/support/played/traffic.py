"""Requests on board of played satellites: what servers count of them, and agents put beside it."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from perigee_api import names
from perigee_api.served import Counts, ServedBlock
from perigee_edge.counted import CountedBlock
from perigee_edge.report.baseline import Baseline, compared
from played.constellation import Constellation
from played.pod_status import is_ready

TOLD_AGAIN: Final = 3
"""Heartbeats that tell the same block, as with a real agent."""
PERIOD_S: Final = 86_400
"""Of an orbit of which a test sees one part alone."""


@dataclass(slots=True)
class _Board:
    """One satellite."""

    serves: str = ""
    """Uid of the Pod that served at the last heartbeat."""
    since_s: float = 0
    """When that was."""
    told: deque[tuple[float, ServedBlock]] = field(default_factory=lambda: deque(maxlen=TOLD_AGAIN))
    """The last blocks, with when they ended."""
    baselines: tuple[Baseline, ...] = ()


class Traffic:
    """On each satellite the Pod that serves is asked, and answers as its revision does.

    From one heartbeat to the next it counts one block, if it served all the while.

    Args:
        sky: whose satellites.
        answers: what a revision counts in one block.
    """

    def __init__(self, sky: Constellation, answers: Callable[[str], Counts]) -> None:
        self._sky = sky
        self._answers = answers
        self._numbers = Counter[str]()
        """Blocks of each Pod."""
        for name, satellite in sky.satellites.items():
            satellite.counted = partial(self._tell, name, _Board())

    def has_counted(self, satellite: str) -> bool:
        """Whether anything was counted there."""
        return any(self._numbers[pod] for pod in self._serving(satellite))

    def _tell(self, satellite: str, board: _Board) -> tuple[ServedBlock, ...]:
        now_s = time.monotonic()
        serving = self._serving(satellite)
        for pod, revision in serving.items():
            if pod == board.serves:
                self._count(board, pod, revision, now_s)
        board.serves, board.since_s = next(iter(serving), ""), now_s
        return tuple(block.aged(now_s - ended_s) for ended_s, block in board.told)

    def _count(self, board: _Board, pod: str, revision: str, now_s: float) -> None:
        self._numbers[pod] += 1
        said = CountedBlock(
            model=f"{self._sky.namespace}/m",
            pod=pod,
            revision=revision,
            run="1",
            sequence=self._numbers[pod],
            ended_s=now_s,
            lasted_s=now_s - board.since_s,
            counts=self._answers(revision),
        )
        board.baselines, before = compared(board.baselines, said, 0, PERIOD_S)
        block = ServedBlock(
            pod=pod,
            revision=revision,
            run=said.run,
            sequence=said.sequence,
            age_s=0,
            lasted_s=int(said.lasted_s),
            counts=said.counts,
            before=before,
        )
        board.told.append((now_s, block))

    def _serving(self, satellite: str) -> dict[str, str]:
        """Revision by the uid of the Pod that serves there."""
        return {
            uid: pod["metadata"]["labels"][names.REVISION_LABEL]
            for uid, pod in self._sky.pods.items()
            if pod["spec"].get("nodeName") == satellite
            and pod["metadata"]["labels"].get(names.ACTIVE_LABEL) == "true"
            and is_ready(pod)
        }
