"""How a candidate compares with others by now: the stable revision, and its own golden set."""

from dataclasses import dataclass
from datetime import datetime

from perigee_operator.domain.analysis.agreement import Agreement
from perigee_operator.domain.analysis.comparison import Comparison
from perigee_operator.domain.analysis.feature_drift import Drifts


@dataclass(frozen=True, slots=True)
class ComparisonKey:
    """Which one of a model, and since when: one that begins anew is another."""

    definition: str
    started: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison as it is; the status may lag behind."""

    key: ComparisonKey
    comparison: Comparison
    last_heard: datetime | None = None
    """When the last block was heard of that is in it."""


@dataclass(frozen=True, slots=True)
class Shadowed:
    """An agreement as it is; the status may lag behind."""

    key: ComparisonKey
    agreement: Agreement
    last_heard: datetime | None = None
    """When the last block was heard of that is in it."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """A drift as it is; the status may lag behind."""

    key: ComparisonKey
    drifts: Drifts
    last_heard: datetime | None = None
    """When the last block was heard of that is in it."""
