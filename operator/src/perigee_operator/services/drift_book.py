"""Adds up how far the candidates of all models are from their golden sets, block by block."""

from dataclasses import dataclass, replace

from perigee_operator.domain.analysis.compared import ComparisonKey, Drifted
from perigee_operator.domain.analysis.feature_drift import with_block
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.drift_status import drifted_of, key_of
from perigee_operator.services.block_book import BlockBook
from perigee_operator.services.served_book import Served


@dataclass(slots=True)
class _Entry:
    candidate: str
    found: Drifted

    def is_of(self, key: ComparisonKey, candidate: str) -> bool:
        """Whether it is the drift that the status speaks of."""
        return (self.found.key, self.candidate) == (key, candidate)

    def take(self, served: Served) -> None:
        """One more block, if the candidate has counted samples in it."""
        block, started = served.block, self.found.key.started
        if block.revision != self.candidate or block.features is None or served.ended_at <= started:
            return
        drifts = with_block(self.found.drifts, block.features)
        self.found = replace(self.found, drifts=drifts, last_heard=served.heard_at)


class DriftBook(BlockBook[_Entry, Drifted]):
    """Adds up what the status of a model says is to be judged."""

    def __init__(self) -> None:
        super().__init__(_entry, lambda entry: entry.found)


def _entry(model: ModelView, known: _Entry | None) -> _Entry | None:
    rollout = model.status.rollout
    if rollout is None or rollout.drift is None or model.deleting:
        return None
    kept = rollout.drift
    if known is not None and known.is_of(key_of(kept), rollout.candidate):
        return known
    return _Entry(rollout.candidate, drifted_of(kept))
