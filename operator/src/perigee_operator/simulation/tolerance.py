"""A fixed tolerance: whoever is silent for longer is given up, wherever it may be."""

import numpy as np

from perigee_operator.domain.orbit.arrays import Floats
from perigee_operator.simulation.signals import Runs, Signals
from perigee_operator.simulation.truth import Truth
from perigee_operator.simulation.verdicts import Outcome, Verdict


def silences(runs: Runs, longer_than_s: float) -> tuple[Floats, Floats]:
    """When silences have lasted for so long, and when they end: infinity where they never do.

    Who has never been heard is not waited for.
    """
    resumes = np.append(runs.firsts_s, np.inf)[1:]
    rows = resumes - runs.lasts_s > longer_than_s
    return runs.lasts_s[rows] + longer_than_s, resumes[rows]


def outcome(name: str, truth: Truth, signals: Signals, tolerance_s: float) -> Outcome:
    """What a fixed tolerance makes of a scenario."""
    end_s = truth.scenario.end_s
    found = [
        Verdict(number, at_s, until_s if until_s < end_s else None)
        for number, runs in enumerate(signals.runs)
        for at_s, until_s in zip(*map(np.ndarray.tolist, silences(runs, tolerance_s)), strict=True)
        if at_s < end_s
    ]
    return Outcome(name, tuple(sorted(found, key=lambda verdict: verdict.at_s)))
