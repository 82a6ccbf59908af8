"""A Prometheus server on paper, asked as the operator asks."""

from collections.abc import Callable
from datetime import datetime

from perigee_operator.domain.analysis.record import all_measured, source_down
from perigee_operator.services.measurements.book import MeasurementBook

DOWN = None
"""What a server says that does not answer."""


class PlayedMetrics:
    """Answers each query with what a test has given it.

    Args:
        now: the ground's clock.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.answers: dict[str, list[float] | None] = {}
        """By query; no data where nothing is given."""
        self.asked: list[tuple[datetime, str]] = []
        """Each question, and when."""
        self._now = now
        self.forget()

    def forget(self) -> None:
        """An operator begins anew."""
        self.book = MeasurementBook(self._now)

    def measure(self) -> None:
        """Answers what is due."""
        for watched, question in self.book.due():
            self.asked.append((self._now(), question.query))
            values = self.answers.get(question.query, [])
            if values is DOWN:
                measurement = source_down(self._now(), "connection refused")
            else:
                measurement = all_measured(question.metric, values, self._now())
            self.book.note(watched, measurement)
