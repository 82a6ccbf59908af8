"""Whether the operator acts."""

from enum import StrEnum

from perigee_api import names
from perigee_operator.domain.writes import Announce, Apply, Write


class Mode(StrEnum):
    """What the writer may write."""

    ACT = "Act"
    OBSERVE = "Observe"
    """Status of Perigee's own resources, and Events; nothing to Nodes and workloads."""


def is_observation(write: Write) -> bool:
    """Whether a write tells what is the case, and changes nothing else."""
    return isinstance(write, Announce) or (
        isinstance(write, Apply)
        and write.subresource == "status"
        and write.key.kind.group == names.GROUP
    )
