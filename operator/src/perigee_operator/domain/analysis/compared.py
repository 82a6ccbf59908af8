"""How a candidate compares with the stable revision by now."""

from dataclasses import dataclass
from datetime import datetime

from perigee_operator.domain.analysis.comparison import Comparison


@dataclass(frozen=True, slots=True)
class ComparisonKey:
    """Which comparison of a model, and since when: one that begins anew is another."""

    definition: str
    started: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison as it is; the status may lag behind."""

    key: ComparisonKey
    comparison: Comparison
    last_heard: datetime | None = None
    """When the last block was heard of that is in it."""
