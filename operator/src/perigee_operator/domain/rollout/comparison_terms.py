"""Comparisons as steps of a rollout write them, and as they are judged."""

import json
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from perigee_api.comparison import ComparisonStatus, ReportComparison
from perigee_api.inference_model import Step
from perigee_operator.domain.analysis.block import Pairing
from perigee_operator.domain.analysis.comparison import Margins, Rules
from perigee_operator.domain.analysis.ranks import buckets_of
from perigee_operator.domain.analysis.verdict import Policies
from perigee_operator.domain.rollout.metrics import policy_of
from perigee_operator.domain.rollout.revision import digest

REMEMBERED: Final = 1024
"""Comparisons that need not be read anew with every look."""


@dataclass(frozen=True, slots=True)
class ComparisonTerms:
    """A comparison, read."""

    digest: str
    """Of how it is compared: another one has another."""
    rules: Rules
    policies: Policies
    text: str
    """The comparison as JSON."""


def comparison_of(step: Step) -> ReportComparison | None:
    """The comparison that a step analyses by."""
    return step.analysis.comparison if step.analysis else None


@lru_cache(maxsize=REMEMBERED)
def read(written: ReportComparison) -> ComparisonTerms:
    """A comparison as it is judged."""
    margins = Margins(
        latency=buckets_of(written.max_slowdown),
        tail=buckets_of(written.max_tail_slowdown),
        errors=written.max_more_errors,
    )
    body = written.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return ComparisonTerms(
        digest(body),
        Rules(MappingProxyType({Pairing.BEFORE_AFTER: margins})),
        Policies(
            no_data=policy_of(written.on_no_data), inconclusive=policy_of(written.on_inconclusive)
        ),
        json.dumps(body),
    )


def recalled(kept: ComparisonStatus) -> ReportComparison | None:
    """The comparison as a rollout's status has kept it; None where that makes no sense."""
    return _parsed(kept.terms)


@lru_cache(maxsize=REMEMBERED)
def _parsed(terms: str) -> ReportComparison | None:
    try:
        return ReportComparison.model_validate_json(terms)
    except ValueError:
        return None
