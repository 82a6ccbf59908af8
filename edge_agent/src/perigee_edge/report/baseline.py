"""What revisions counted on this satellite before, by the part of the orbit. Pure.

A satellite is hot in the sun and cool in the shadow, and its clock rate with it. So what a revision
counts is compared with what the one before it counted in the same part of the orbit, added up over
the last days. Where there is no orbit the period is the day.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from perigee_api.message import Message
from perigee_api.served import Before, Counts
from perigee_edge.counted import CountedBlock

PARTS: Final = 12
"""Parts of a period: eight minutes each in a low orbit."""
DAY_S: Final = 86_400
"""The period of what stands on the ground."""
GENERATION: Final = 32
"""Blocks of a part, some two days of them, after which they begin to be forgotten."""
REVISIONS: Final = 3
"""Of a model: the one that serves, the one before, and one that was given up in between."""

_SAME_PERIOD: Final = 0.01
"""Elements are renewed all the time; by so little of it the period is still the same."""
_MARKS: Final = 4


class Part(Message):
    """What a revision counted in one part of the period."""

    recent: Counts = Counts()
    blocks: int = Field(default=0, ge=0)
    """Of `recent`."""
    older: Counts = Counts()

    @property
    def counts(self) -> Counts:
        """Of one to two generations."""
        return self.older.plus(self.recent)

    def plus(self, counts: Counts) -> "Part":
        """With one more block. Counts are never scaled: an error is one, or forgotten."""
        if self.blocks < GENERATION:
            recent, blocks = self.recent.plus(counts), self.blocks + 1
            return Part(recent=recent, blocks=blocks, older=self.older)
        return Part(recent=counts, blocks=1, older=self.recent)


class Baseline(Message):
    """What one revision counted."""

    revision: str
    period_s: int = Field(gt=0)
    parts: tuple[Part, ...] = Field(default=(Part(),) * PARTS, min_length=PARTS, max_length=PARTS)
    marks: Mapping[str, int] = Field(default_factory=dict)
    """By Pod and run: the number of the last block that is in it."""

    def part_at(self, moment_s: float) -> int:
        """The part of the period that a moment, in seconds since 1970, lies in."""
        return min(int(moment_s / self.period_s % 1 * PARTS), PARTS - 1)

    def knows(self, block: CountedBlock) -> bool:
        """Whether a block is in it already: servers tell theirs again and again."""
        return block.sequence <= self.marks.get(_mark(block), -1)

    def plus(self, block: CountedBlock, begun_s: float) -> "Baseline":
        """With one more block, which began at that moment."""
        number = self.part_at(begun_s)
        part = self.parts[number].plus(block.counts)
        parts = (*self.parts[:number], part, *self.parts[number + 1 :])
        others = {name: at for name, at in self.marks.items() if name != _mark(block)}
        marks = dict([*others.items(), (_mark(block), block.sequence)][-_MARKS:])
        period_s = self.period_s
        return Baseline(revision=self.revision, period_s=period_s, parts=parts, marks=marks)

    def beside(self, block: CountedBlock, begun_s: float) -> Before | None:
        """What is to be compared with a block of another revision.

        None where this one had fewer requests in that part than the block: then it would be less
        sure than what is compared with it.
        """
        counts = self.parts[self.part_at(begun_s)].counts
        if counts.requests < block.counts.requests:
            return None
        return Before(revision=self.revision, counts=counts)


def compared(
    known: tuple[Baseline, ...], block: CountedBlock, begun_s: float, period_s: int
) -> tuple[tuple[Baseline, ...], Before | None]:
    """A model's baselines with one more block, and what stands beside that block.

    Of several other revisions it is the one heard of last that has counted enough in that part of
    the orbit: one that was given up soon has not.

    Args:
        known: The revision that was heard of last comes last.
        block: Of any revision.
        begun_s: When it began, in seconds since 1970.
        period_s: Of the orbit. Baselines of another one are given up.
    """
    fitting = [each for each in known if abs(each.period_s / period_s - 1) <= _SAME_PERIOD]
    others = [each for each in fitting if each.revision != block.revision]
    own = next((each for each in fitting if each.revision == block.revision), None)
    own = own or Baseline(revision=block.revision, period_s=period_s)
    found = (each.beside(block, begun_s) for each in reversed(others))
    beside = next((before for before in found if before is not None), None)
    if not own.knows(block):
        own = own.plus(block, begun_s)
    return (*others, own)[-REVISIONS:], beside


def _mark(block: CountedBlock) -> str:
    return f"{block.pod}/{block.run}"
