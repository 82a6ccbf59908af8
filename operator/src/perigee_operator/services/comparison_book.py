"""Compares the candidates of all models with their stable revisions, block by block."""

from dataclasses import dataclass, replace

from perigee_operator.domain.analysis.block import Block, Pairing
from perigee_operator.domain.analysis.compared import Compared, ComparisonKey
from perigee_operator.domain.analysis.comparison import compared
from perigee_operator.domain.analysis.tally import tally_of
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.comparison_status import compared_of, key_of
from perigee_operator.domain.rollout.comparison_terms import ComparisonTerms, read, recalled
from perigee_operator.services.block_book import BlockBook
from perigee_operator.services.served_book import Served


@dataclass(slots=True)
class _Entry:
    candidate: str
    stable: str | None
    terms: ComparisonTerms
    found: Compared

    def is_of(self, key: ComparisonKey, candidate: str, stable: str | None) -> bool:
        """Whether it is the comparison that the status speaks of."""
        return (self.found.key, self.candidate, self.stable) == (key, candidate, stable)

    def take(self, served: Served) -> None:
        """One more block, if it can be compared: of the candidate, beside the stable revision."""
        block, started = served.block, self.found.key.started
        if block.revision != self.candidate or block.before is None or served.ended_at <= started:
            return
        if block.before.revision != self.stable:
            return
        pair = Block(
            served.node,
            served.begun_at,
            tally_of(block.counts),
            tally_of(block.before.counts),
            Pairing.BEFORE_AFTER,
        )
        comparison = compared(self.found.comparison, pair, self.terms.rules)
        self.found = replace(self.found, comparison=comparison, last_heard=served.heard_at)


class ComparisonBook(BlockBook[_Entry, Compared]):
    """Compares what the status of a model says is to be compared."""

    def __init__(self) -> None:
        super().__init__(_entry, lambda entry: entry.found)


def _entry(model: ModelView, known: _Entry | None) -> _Entry | None:
    rollout = model.status.rollout
    if rollout is None or rollout.comparison is None or model.deleting:
        return None
    kept, stable = rollout.comparison, model.status.stable_revision
    if known is not None and known.is_of(key_of(kept), rollout.candidate, stable):
        return known
    written = recalled(kept)
    if written is None:
        return None
    terms = read(written)
    found = compared_of(kept, terms.rules)
    return _Entry(rollout.candidate, stable, terms, found)
