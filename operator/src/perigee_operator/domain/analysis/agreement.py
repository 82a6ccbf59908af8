"""Whether a candidate's answers agree with the stable revision's, over blocks of all satellites.

Of all satellites together two hypotheses are bet against: "at least the share asked for agrees"
refuted means abort, "at most that share does" refuted means that it may go on. And of each
satellite the first one once more: one on which the candidate computes something else must not be
hidden by the many on which it does not.

The risk of a false abort is split in two: one half for all together, and of the other half
1 / (i (i + 1)) for the satellite that was heard of as the i-th. That adds up to the half however
many there come to be.

What has to hold for the risk to be kept: in every block, given all blocks before, the share of a
good candidate's answers that differ is at most the limit on average.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from perigee_operator.domain.analysis import share_odds
from perigee_operator.domain.analysis.comparison import Outcome
from perigee_operator.domain.analysis.error_odds import STAKES
from perigee_operator.domain.analysis.wealth import Wealth, initial

TOLD_APART: Final = 128
"""Satellites that are looked at by themselves, too; the first that were heard of."""


@dataclass(frozen=True, slots=True)
class ShadowRules:
    """What is asked for, and how sure a verdict has to be."""

    agreement: float
    """Share of the answers that have to agree."""
    requests_per_satellite: int
    """With fewer that were compared a satellite has no data."""
    false_abort: float = 0.01
    """The risk that a good candidate is given up, over a whole rollout and all satellites."""
    false_pass: float = 0.05
    """The risk that one is let go on of whose answers no more agree than were asked for."""

    @property
    def limit(self) -> float:
        """Share of the answers that may differ."""
        return 1 - self.agreement


@dataclass(frozen=True, slots=True)
class ShadowTally:
    """Requests that were to be handed on to a candidate."""

    compared: int = 0
    agreed: int = 0
    """Of those compared."""
    failed: int = 0
    """That the candidate did not answer."""
    dropped: int = 0

    @property
    def answers(self) -> int:
        """On which the candidate is judged."""
        return self.compared + self.failed

    @property
    def differing(self) -> int:
        """Of these, those that do not agree."""
        return self.answers - self.agreed

    def __add__(self, other: "ShadowTally") -> "ShadowTally":
        return ShadowTally(
            self.compared + other.compared,
            self.agreed + other.agreed,
            self.failed + other.failed,
            self.dropped + other.dropped,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """What has been shown on one satellite."""

    tally: ShadowTally
    worse: Wealth
    """Against "at least the share asked for agrees"."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that is to be kept: a few numbers a satellite, however many blocks there were."""

    tally: ShadowTally = ShadowTally()
    worse: Wealth = field(default_factory=lambda: initial(len(STAKES)))
    fine: Wealth = field(default_factory=lambda: initial(len(STAKES)))
    """Against "at most the share asked for agrees"."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """By Node, in the order in which they were heard of."""
    since: datetime | None = None
    """When the first block began."""


def with_block(
    agreement: Agreement, node: str, start: datetime, tally: ShadowTally, rules: ShadowRules
) -> Agreement:
    """The agreement after one more block, of whichever satellite."""
    after = replace(agreement, tally=agreement.tally + tally)
    if not tally.answers:
        return after
    counted = tally.differing, tally.answers, rules.limit
    return replace(
        after,
        worse=agreement.worse.after(share_odds.wins_if_above(*counted)),
        fine=agreement.fine.after(share_odds.wins_if_below(*counted)),
        places=_placed(agreement.places, node, tally, rules),
        since=start if agreement.since is None else min(agreement.since, start),
    )


def outcome(agreement: Agreement, rules: ShadowRules) -> Outcome:
    """What has been shown of all satellites together."""
    if agreement.worse.has_reached(rules.false_abort / 2):
        return Outcome.WORSE
    shown = agreement.fine.has_reached(rules.false_pass)
    return Outcome.NOT_WORSE if shown else Outcome.UNDECIDED


def risk_of(number: int, rules: ShadowRules) -> float:
    """The risk of a false abort for the satellite that was heard of as the so-many-th, from 1."""
    return rules.false_abort / 2 / (number * (number + 1))


def worse_places(agreement: Agreement, rules: ShadowRules) -> tuple[tuple[str, float], ...]:
    """Nodes on which it has been shown that less agrees, each with its risk of an error."""
    risks = ((node, risk_of(i + 1, rules)) for i, node in enumerate(agreement.places))
    return tuple((node, r) for node, r in risks if agreement.places[node].worse.has_reached(r))


def has_data(agreement: Agreement, node: str, rules: ShadowRules) -> bool:
    """Whether enough was compared on a satellite; of one that is not told apart nobody knows."""
    place = agreement.places.get(node)
    if place is None:
        return len(agreement.places) >= TOLD_APART
    return place.tally.answers >= rules.requests_per_satellite


def _placed(
    places: Mapping[str, Place], node: str, tally: ShadowTally, rules: ShadowRules
) -> Mapping[str, Place]:
    if node not in places and len(places) >= TOLD_APART:
        return places
    known = places.get(node) or Place(ShadowTally(), initial(len(STAKES)))
    wins = share_odds.wins_if_above(tally.differing, tally.answers, rules.limit)
    return {**places, node: Place(known.tally + tally, known.worse.after(wins))}
