"""Shadow steps as a rollout writes them, and as they are judged."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from perigee_api.shadow import Shadow, ShadowStatus
from perigee_operator.domain.analysis.agreement import ShadowRules
from perigee_operator.domain.analysis.verdict import Policies
from perigee_operator.domain.rollout.metrics import policy_of
from perigee_operator.domain.rollout.revision import digest

REMEMBERED: Final = 1024
"""Steps that need not be read anew with every look."""


@dataclass(frozen=True, slots=True)
class ShadowTerms:
    """A shadow step, read."""

    digest: str
    """Of how it is judged: another one has another. The share that is handed on is none of it."""
    rules: ShadowRules
    policies: Policies
    text: str
    """The step as JSON."""


@lru_cache(maxsize=REMEMBERED)
def read(written: Shadow) -> ShadowTerms:
    """A shadow step as it is judged."""
    body = written.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return ShadowTerms(
        digest({key: value for key, value in body.items() if key != "percent"}),
        ShadowRules(written.agreement, written.requests_per_satellite),
        Policies(
            no_data=policy_of(written.on_no_data), inconclusive=policy_of(written.on_inconclusive)
        ),
        json.dumps(body),
    )


def recalled(kept: ShadowStatus) -> Shadow | None:
    """The step as a rollout's status has kept it; None where that makes no sense."""
    return _parsed(kept.terms)


@lru_cache(maxsize=REMEMBERED)
def _parsed(terms: str) -> Shadow | None:
    try:
        return Shadow.model_validate_json(terms)
    except ValueError:
        return None
