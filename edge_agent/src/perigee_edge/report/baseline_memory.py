"""Baselines on the disk: a satellite that reboots still knows what served before, and how."""

from pathlib import Path
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from perigee_api.served import Before
from perigee_edge.counted import CountedBlock
from perigee_edge.durable import replace_file
from perigee_edge.report.baseline import Baseline, compared

_log: Final = structlog.get_logger()

MODELS: Final = 16
"""Of which baselines are kept: of more, those that were heard of last."""

_Known = dict[str, tuple[Baseline, ...]]
_FILE: Final = TypeAdapter(_Known)


class BaselineMemory:
    """What revisions of all models counted on this satellite."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: _Known = {}

    def recall(self) -> None:
        """Take up what an earlier run has kept. Without a readable file there is nothing."""
        try:
            self._known = _FILE.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValidationError) as error:
            _log.error("baselines_unreadable", file=str(self._file), message=str(error)[:500])

    def beside(self, block: CountedBlock, begun_s: float, period_s: int) -> Before | None:
        """Take note of a block, and give what it is to be compared with.

        Args:
            block: That was heard for the first time.
            begun_s: When it began, in seconds since 1970.
            period_s: Of the orbit.
        """
        known = self._known.pop(block.model, ())
        own, before = compared(known, block, begun_s, period_s)
        self._known[block.model] = own
        self._known = dict(list(self._known.items())[-MODELS:])
        if own != known:
            self._keep()
        return before

    def _keep(self) -> None:
        try:
            replace_file(self._file, _FILE.dump_json(self._known, by_alias=True))
        except OSError as error:
            # It is still known; the next block is written with it.
            _log.error("baselines_not_saved", file=str(self._file), message=str(error))
