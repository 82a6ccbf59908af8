"""What a policy is worth: what it got right and wrong, how late, and what that cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from perigee_operator.domain.liveness.silence import LEAST_PASS_S
from perigee_operator.simulation.copies import Service
from perigee_operator.simulation.spans import contacts
from perigee_operator.simulation.truth import Truth
from perigee_operator.simulation.verdicts import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Spread:
    """Some times, in seconds. None where there are none."""

    median_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How one policy did at one rate of loss."""

    policy: str
    loss: float
    deaths: int
    found: int
    """Deaths that were noticed."""
    false: int
    """Verdicts on satellites that lived."""
    false_in_orbit: int
    """Those of them on satellites; the others were on sites that are always in contact."""
    held: Mapping[str, int]
    """Verdicts that waited for a human, by reason."""
    wall: Spread
    """From death to verdict."""
    contact: Spread
    """The same in contact time."""
    service: Service

    @property
    def missed(self) -> int:
        """Deaths that went unnoticed."""
        return self.deaths - self.found


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a death can be known at the earliest, from death on: satellites in orbit alone."""

    first: Spread
    """The end of the first pass that counts."""
    second: Spread
    """The end of the second."""


def figures(truth: Truth, outcome: Outcome, loss: float, service: Service) -> Figures:
    """Counts and measures."""
    false = [each for each in outcome.verdicts if is_false(truth, each)]
    found = detections(truth, outcome.verdicts)
    deaths = truth.mishaps.deaths
    contact_s = [_contact_s(truth, n, deaths[n], at_s) for n, at_s in found.items()]
    return Figures(
        policy=outcome.policy,
        loss=loss,
        deaths=len(deaths),
        found=len(found),
        false=len(false),
        false_in_orbit=sum(not truth.is_site(each.satellite) for each in false),
        held=Counter(each.reason for each in outcome.holds),
        wall=_spread([at_s - deaths[n] for n, at_s in found.items()]),
        contact=_spread(contact_s),
        service=service,
    )


def is_false(truth: Truth, verdict: Verdict) -> bool:
    """Whether a verdict was passed on one that lived."""
    death_s = truth.died_at(verdict.satellite)
    return death_s is None or verdict.at_s < death_s


def detections(truth: Truth, verdicts: Sequence[Verdict]) -> dict[int, float]:
    """When each death was known: with the verdict, or at once where one stood already."""
    found: dict[int, float] = {}
    for each in verdicts:
        death_s = truth.died_at(each.satellite)
        if death_s is not None and each.until_s is None:
            found.setdefault(each.satellite, max(death_s, each.at_s))
    return found


def bounds(truth: Truth) -> Bounds:
    """What physics allows, whatever the policy."""
    after = [counted_ends(truth, n) for n in truth.mishaps.deaths if not truth.is_site(n)]
    first = [ends[0] for ends in after if ends]
    second = [ends[1] for ends in after if len(ends) > 1]
    return Bounds(_spread(first), _spread(second))


def counted_ends(truth: Truth, number: int) -> list[float]:
    """Ends of the passes that count, in seconds after a satellite's death."""
    death_s = truth.mishaps.deaths[number]
    starts, ends = contacts(truth.sights[number])
    rows = (starts > death_s) & (ends - starts >= LEAST_PASS_S)
    return [float(end_s) - death_s for end_s in ends[rows]]


def _contact_s(truth: Truth, number: int, since_s: float, until_s: float) -> float:
    starts, ends = contacts(truth.sights[number])
    return float(np.maximum(0, np.minimum(ends, until_s) - np.maximum(starts, since_s)).sum())


def _spread(times_s: Sequence[float]) -> Spread:
    if not times_s:
        return Spread(None, None)
    median_s, p95_s = np.percentile(times_s, [50, 95])
    return Spread(float(median_s), float(p95_s))
