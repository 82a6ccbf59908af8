"""Heartbeats as they reach the ground: every one is drawn, and the runs of them are kept."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from perigee_operator.domain.liveness.silence import BEATS_UNTIL_SUSPECT
from perigee_operator.domain.orbit.arrays import Floats, Indices
from perigee_operator.simulation.scenario import Scenario
from perigee_operator.simulation.spans import Spans, contacts
from perigee_operator.simulation.truth import Truth

_LATENCY_STREAM = 1
_LOSS_STREAM = 2


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of heartbeats of one satellite, in order of time; one a row.

    In a run no heartbeat is overdue, as the detector sees it, and no station comes into sight. So
    only its first and its last heartbeat tell anything, and how even the others were.
    """

    firsts_s: Floats
    """When the first one arrived, on the ground's clock."""
    lasts_s: Floats
    counts: Indices
    """Heartbeats in the run."""
    means_s: Floats
    """Mean interval; 0 in a run of one."""
    deviations_s: Floats
    """Standard deviation of the intervals; 0 in a run of one."""


@dataclass(frozen=True, slots=True)
class Signals:
    """All that the ground hears."""

    loss: float
    """Share of the heartbeats that are lost on the way."""
    runs: tuple[Runs, ...]
    """Of each of the fleet."""


def signals(truth: Truth, loss: float) -> Signals:
    """Draws all heartbeats. What is lost at a low loss is lost at a higher one, too."""
    return Signals(loss, tuple(_drawn(truth, loss)))


def _drawn(truth: Truth, loss: float) -> Iterator[Runs]:
    scenario = truth.scenario
    for number in range(scenario.satellites):
        audible = truth.audible(number)
        sent = _sent(audible, scenario, _stream(scenario, number, _LATENCY_STREAM))
        kept = _stream(scenario, number, _LOSS_STREAM).random(len(sent)) >= loss
        yield runs(sent[kept], audible.starts, scenario.heartbeat_s)


def runs(arrivals: Floats, breaks: Floats, heartbeat_s: float) -> Runs:
    """Parts arrivals into runs: where one is overdue, and at each break."""
    if not len(arrivals):
        return Runs(*(np.zeros(0),) * 2, np.zeros(0, dtype=np.intp), *(np.zeros(0),) * 2)
    intervals = np.diff(arrivals)
    overdue = intervals > BEATS_UNTIL_SUSPECT * heartbeat_s + heartbeat_s / 2
    parts = np.flatnonzero(overdue) + 1
    parts = np.concatenate(([0], parts, np.searchsorted(arrivals, breaks)))
    firsts = np.unique(parts[parts < len(arrivals)])
    lasts = np.append(firsts[1:], len(arrivals)) - 1
    counts = lasts - firsts + 1
    spread = arrivals[lasts] - arrivals[firsts]
    several = np.maximum(counts - 1, 1)
    means = spread / several
    squares = np.concatenate(([0.0], np.cumsum(intervals**2)))
    variances = (squares[lasts] - squares[firsts]) / several - means**2
    deviations = np.sqrt(np.maximum(variances, 0.0))
    return Runs(arrivals[firsts], arrivals[lasts], counts, means, deviations)


def _sent(audible: Spans, scenario: Scenario, rng: np.random.Generator) -> Floats:
    """When heartbeats would arrive if none were lost: from link-up on, evenly, in each contact."""
    starts, ends = contacts(audible)
    firsts = starts + rng.uniform(*scenario.link_up_s, len(starts))
    interval_s = scenario.heartbeat_s * (1 + rng.normal(0, scenario.clock_drift))
    counts = np.maximum(0, np.floor((ends - firsts) / interval_s) + 1).astype(np.intp)
    total = int(counts.sum())
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.repeat(firsts, counts) + interval_s * (np.arange(total) - before))


def _stream(scenario: Scenario, number: int, purpose: int) -> np.random.Generator:
    """Randomness of its own for each satellite and purpose: more of one changes no other."""
    return np.random.default_rng([scenario.seed, purpose, number])
