"""A satellite that returns gets nothing new until what it carries is adopted.

Its Pods are the same as before, but until its kubelet has spoken the API shows them as they were,
or not Ready. For so long the taint of the loss stays on its Node.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.satellite import settling_until

ADOPTION_LIMIT_S: Final = 300.0
"""A Pod that is broken does not keep others away for longer."""

_BACK = frozenset(
    {
        SatellitePhase.IN_CONTACT,
        SatellitePhase.EXPECTED_DARK,
        SatellitePhase.MISSED_CONTACT,
        SatellitePhase.SUSPECT,
    }
)
"""In service, and not Lost."""


def adopting_until(
    status: SatelliteNodeStatus, pods: Iterable[PodView], now: datetime
) -> datetime | None:
    """Until when a satellite that was Lost is adopted, as things are; None once it has been.

    Args:
        status: what is recorded of it; by the condition Ready it is known when it came back.
        pods: the Pods of models on it.
        now: the moment.
    """
    ready = next((c for c in status.conditions if c.type == "Ready"), None)
    if ready is None or status.phase not in _BACK:
        return None
    on_board = (pod for pod in pods if not pod.deleting and not pod.refused)
    until = settling_until(status) if all(pod.ready for pod in on_board) else None
    if until is None:
        until = ready.last_transition_time + timedelta(seconds=ADOPTION_LIMIT_S)
    return until if now < until else None
