"""Which address is whose.

Every lab has network namespaces of its own, so all labs use the same addresses.
"""

from typing import Final

NODE_CIDR: Final = "10.77.0.0/24"
POD_CIDR: Final = "10.88.0.0/16"
SERVICE_CIDR: Final = "10.96.0.0/16"
API_SERVICE: Final = "10.96.0.1"
"""ClusterIP of the Service `kubernetes`: the first of `SERVICE_CIDR`."""

API_PORT: Final = 6443
MOST_SATELLITES: Final = 200

GROUND_HARDWARE: Final = "02:50:45:52:49:47"
"""Hardware address of the ground on its links; locally administered."""

_FIRST_SATELLITE: Final = 10


def node(index: int) -> str:
    """Address of a node on the link between ground (index 0) and satellites (from 1)."""
    return f"10.77.0.{_FIRST_SATELLITE + index}" if index else "10.77.0.1"


def node_with_prefix(index: int) -> str:
    """The same, with the length of the network's prefix."""
    return f"{node(index)}/24"


def pods(index: int) -> str:
    """The network that a node's pods have their addresses from."""
    return f"10.88.{index}.0/24"
