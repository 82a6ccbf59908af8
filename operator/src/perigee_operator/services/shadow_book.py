"""Judges the answers of all candidates beside their stable revisions', block by block."""

from dataclasses import dataclass, replace

from perigee_operator.domain.analysis.agreement import ShadowTally, with_block
from perigee_operator.domain.analysis.compared import ComparisonKey, Shadowed
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.shadow_status import key_of, shadowed_of
from perigee_operator.domain.rollout.shadow_terms import ShadowTerms, read, recalled
from perigee_operator.services.block_book import BlockBook
from perigee_operator.services.served_book import Served


@dataclass(slots=True)
class _Entry:
    candidate: str
    stable: str | None
    terms: ShadowTerms
    found: Shadowed

    def is_of(self, key: ComparisonKey, candidate: str, stable: str | None) -> bool:
        """Whether it is the shadow that the status speaks of."""
        return (self.found.key, self.candidate, self.stable) == (key, candidate, stable)

    def take(self, served: Served) -> None:
        """One more block, if it speaks of it: of the stable revision, beside the candidate."""
        block, started = served.block, self.found.key.started
        counts = block.shadow
        if counts is None or counts.candidate != self.candidate or served.ended_at <= started:
            return
        if block.revision != self.stable:
            return
        tally = ShadowTally(counts.compared, counts.agreed, counts.failed, counts.dropped)
        agreement = with_block(
            self.found.agreement, served.node, served.begun_at, tally, self.terms.rules
        )
        self.found = replace(self.found, agreement=agreement, last_heard=served.heard_at)


class ShadowBook(BlockBook[_Entry, Shadowed]):
    """Judges what the status of a model says is to be judged."""

    def __init__(self) -> None:
        super().__init__(_entry, lambda entry: entry.found)


def _entry(model: ModelView, known: _Entry | None) -> _Entry | None:
    rollout = model.status.rollout
    if rollout is None or rollout.shadow is None or model.deleting:
        return None
    kept, stable = rollout.shadow, model.status.stable_revision
    if known is not None and known.is_of(key_of(kept), rollout.candidate, stable):
        return known
    written = recalled(kept)
    if written is None:
        return None
    return _Entry(rollout.candidate, stable, read(written), shadowed_of(kept))
