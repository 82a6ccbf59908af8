"""Drift analyses as a rollout writes them, and as they are judged."""

import json
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from perigee_api.drift import Drift, DriftStatus, Feature
from perigee_api.inference_model import Step
from perigee_operator.domain.analysis.feature_drift import DriftRules
from perigee_operator.domain.analysis.verdict import Policies
from perigee_operator.domain.rollout.metrics import policy_of
from perigee_operator.domain.rollout.revision import digest

REMEMBERED: Final = 1024
"""Analyses that need not be read anew with every look."""


@dataclass(frozen=True, slots=True)
class DriftTerms:
    """A drift analysis, read."""

    digest: str
    """Of how it is judged: another one has another."""
    rules: DriftRules
    policies: Policies
    text: str
    """The analysis as JSON."""


def drift_of(step: Step) -> Drift | None:
    """The drift that a step analyses by."""
    return step.analysis.drift if step.analysis else None


@lru_cache(maxsize=REMEMBERED)
def read(written: Drift) -> DriftTerms:
    """A drift analysis as it is judged."""
    limits = {
        Feature.SCORE: written.max_score_index,
        Feature.MEAN: written.max_input_index,
        Feature.DEVIATION: written.max_input_index,
    }
    body = written.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return DriftTerms(
        digest(body),
        DriftRules(MappingProxyType(limits), written.samples),
        Policies(no_data=policy_of(written.on_no_data)),
        json.dumps(body),
    )


def recalled(kept: DriftStatus) -> Drift | None:
    """The analysis as a rollout's status has kept it; None where that makes no sense."""
    return _parsed(kept.terms)


@lru_cache(maxsize=REMEMBERED)
def _parsed(terms: str) -> Drift | None:
    try:
        return Drift.model_validate_json(terms)
    except ValueError:
        return None
