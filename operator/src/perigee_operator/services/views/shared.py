"""Parts of specs that are kept once for all models that say the same.

Many models of a fleet are to be rolled out, placed and run alike, and what they say of that is most
of what their specs take in memory.
"""

import json
from typing import Final
from weakref import WeakValueDictionary

from perigee_api.base import Schema
from perigee_api.inference_model import InferenceModelSpec
from perigee_operator.domain.writes import Json

PARTS: Final = ("runtime", "resources", "placement", "rollout", "failover")

_known: Final = WeakValueDictionary[tuple[str, str], Schema]()
"""By the part's name, and what was given for it."""


def with_shared_parts(spec: InferenceModelSpec, given: Json) -> InferenceModelSpec:
    """A spec with the very parts of another one that says the same of them.

    Args:
        spec: as it was read.
        given: what it was read from.
    """
    shared = {
        part: _known.setdefault((part, json.dumps(given[part])), getattr(spec, part))
        for part in PARTS
        if part in given
    }
    return spec.model_copy(update=shared)
