"""What was measured of every candidate, and when each metric is due again."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Measurement, Record, due_s
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.measuring_job import JobOrder
from perigee_operator.domain.rollout.metric_status import is_news
from perigee_operator.domain.rollout.questions import Question, questions

Watched = tuple[str, MetricKey]
"""A model's uid, and which of its metrics."""


@dataclass(slots=True)
class _Watch:
    question: Question
    record: Record
    being_asked: bool = False
    again_at: datetime | None = None
    """When to ask, whenever else the metric would be due: its answer is on its way."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be asked now."""

    watched: Watched
    question: Question
    record: Record
    """What was measured by now."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """For which models Jobs are run now."""

    models: frozenset[str]
    """uids of all models that there are."""
    written: Mapping[str, int]
    """By series of Jobs, how many of its measurements have a value and stand in the status."""


class MeasurementBook:
    """Measures what the status of a model says is to be measured.

    It goes on from what the status has kept: an operator that was restarted loses at most the
    measurements that were not worth writing yet.

    Args:
        now: the ground's clock, UTC.
        on_change: called when something was measured from which something may follow.
    """

    def __init__(
        self, now: Callable[[], datetime], *, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._now = now
        self._on_change = on_change
        self._watches: dict[Watched, _Watch] = {}
        self._models: frozenset[str] = frozenset()
        self.wanted = asyncio.Event()
        """Set when something may be due sooner than was said."""

    def of(self, models: Iterable[ModelView]) -> Mapping[str, Mapping[MetricKey, Record]]:
        """What was measured by now, by the model's uid; what is not asked for is forgotten."""
        known, self._watches = self._watches, {}
        models = tuple(models)
        self._models = frozenset(model.uid for model in models)
        found: dict[str, dict[MetricKey, Record]] = {}
        for model in models:
            for question in questions(model):
                watched = (model.uid, question.key)
                watch = _renewed(known.get(watched), question)
                self._watches[watched] = watch
                found.setdefault(model.uid, {})[question.key] = watch.record
        if not self._watches.keys() <= known.keys():
            self.wanted.set()
        return found

    def due(self) -> list[Due]:
        """What is to be asked now. Each is due again only once it is answered."""
        now = self._now()
        found = []
        for watched, watch in self._watches.items():
            left_s = None if watch.being_asked else _left_s(watch, now)
            if left_s is not None and left_s <= 0:
                watch.being_asked = True
                found.append(Due(watched, watch.question, watch.record))
        return found

    def next_due_s(self) -> float | None:
        """In how many seconds something is due; None: nothing is, as things are."""
        now = self._now()
        left_s = (_left_s(w, now) for w in self._watches.values() if not w.being_asked)
        return min((each for each in left_s if each is not None), default=None)

    def ordered(self) -> Ordered:
        """For which models Jobs are run: none, as long as nobody has said which there are."""
        asked = (watch.question for watch in self._watches.values())
        written = {
            q.source.series: q.kept.conclusive for q in asked if isinstance(q.source, JobOrder)
        }
        return Ordered(self._models, written)

    def note(
        self, watched: Watched, measurement: Measurement | None, again_s: float | None = None
    ) -> None:
        """Something was measured, or could not be.

        Args:
            watched: what was asked.
            measurement: None where the answer is on its way.
            again_s: when to ask again; None: when the metric is due.
        """
        watch = self._watches.get(watched)
        if watch is None:
            return  # The rollout has ended meanwhile.
        metric = watch.question.metric
        watch.being_asked = False
        watch.again_at = None if again_s is None else self._now() + timedelta(seconds=again_s)
        self.wanted.set()
        if measurement is None:
            return
        watch.record = watch.record.after(metric, measurement)
        if is_news(metric, watch.question.kept, watch.record):
            self._on_change()


def _renewed(known: _Watch | None, question: Question) -> _Watch:
    if known is None:
        return _Watch(question, question.kept)
    known.question = question
    return known


def _left_s(watch: _Watch, now: datetime) -> float | None:
    if watch.again_at is not None:
        return max(0.0, (watch.again_at - now).total_seconds())
    return due_s(watch.question.metric, watch.record, now)
