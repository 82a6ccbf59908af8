"""A Prometheus server on paper, asked as the operator asks."""

from collections.abc import Callable
from datetime import datetime

from perigee_operator.domain.analysis.record import all_measured, source_down
from perigee_operator.domain.rollout.measuring_job import JobOrder
from perigee_operator.domain.rollout.questions import Query
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
        """By query, or name of a CronJob; no data where nothing is given."""
        self.asked: list[tuple[datetime, str]] = []
        """Each question, and when."""
        self._now = now
        self.forget()

    def forget(self) -> None:
        """An operator begins anew."""
        self.book = MeasurementBook(self._now)

    def measure(self) -> None:
        """Answers what is due."""
        for due in self.book.due():
            question, now = due.question, self._now()
            asked = _asked(question.source)
            self.asked.append((now, asked))
            values = self.answers.get(asked, [])
            if values is DOWN:
                measurement = source_down(now, "connection refused")
            else:
                measurement = all_measured(question.metric, values, now)
            self.book.note(due.watched, measurement)


def _asked(source: Query | JobOrder) -> str:
    """The query; of a Job, the CronJob that it is made from."""
    return source.text if isinstance(source, Query) else source.cron_job.name
