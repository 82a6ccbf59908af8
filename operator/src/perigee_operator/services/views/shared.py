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


def share_parts(spec: InferenceModelSpec, given: Json) -> None:
    """Puts into a spec the very parts of another one that says the same of them.

    Args:
        spec: as it was read, and known to nobody else yet: specs are frozen.
        given: what it was read from.
    """
    for part in PARTS:
        if part in given:
            own = getattr(spec, part)
            shared = _known.setdefault((part, json.dumps(given[part])), own)
            object.__setattr__(spec, part, shared)
