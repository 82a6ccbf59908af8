"""Which metric of a model."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MetricKey:
    """Which metric of a model, and since when: one that begins anew is another."""

    step: int
    name: str
    definition: str
    started: datetime
