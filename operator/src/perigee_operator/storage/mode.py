"""Whether the operator acts."""

from enum import StrEnum


class Mode(StrEnum):
    """What the writer may write."""

    ACT = "Act"
    OBSERVE = "Observe"
    """Status of Perigee's own resources, and Events; nothing to Nodes and workloads."""
