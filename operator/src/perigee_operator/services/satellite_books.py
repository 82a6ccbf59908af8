"""What is learnt of each satellite from one heartbeat to the next: a view of it tells all of it."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime

from perigee_operator.domain.agents.agent import AgentView
from perigee_operator.domain.fleet import NodeView, SatelliteView
from perigee_operator.domain.liveness.unbroken import Run
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.services.accuracy_book import AccuracyBook
from perigee_operator.services.rhythms import RhythmBook
from perigee_operator.services.served_book import ServedBook
from perigee_operator.services.telemetry_book import TelemetryBook
from perigee_operator.services.views.satellites import (
    SatelliteRecord,
    heartbeat_view,
    satellite_view,
)
from perigee_operator.storage.heartbeats import Heartbeat


class SatelliteBooks:
    """The books on all satellites, and views made with them.

    Args:
        heard_outside: called for each heartbeat that comes outside of predicted contact.
        served: is told what heartbeats say of the requests that were answered.
    """

    def __init__(self, heard_outside: Callable[[], None], served: ServedBook) -> None:
        self._served = served
        self._rhythms = RhythmBook()
        self._telemetry = TelemetryBook()
        self._accuracies = AccuracyBook(heard_outside)

    def keep(self, uids: AbstractSet[str]) -> None:
        """Forgets all other satellites."""
        for book in (self._rhythms, self._telemetry, self._accuracies):
            book.keep(uids)

    def view(  # noqa: PLR0913, PLR0917 - what a view consists of
        self,
        record: SatelliteRecord,
        node: NodeView | None,
        heartbeat: Heartbeat | None,
        kubelet_arrived_at: datetime | None,
        run: Run | None,
        contacts: Contacts,
        agent: AgentView | None,
    ) -> SatelliteView:
        """A satellite with what its heartbeats have taught, the last included."""
        heard = None if heartbeat is None else heartbeat_view(heartbeat)
        if heartbeat is not None and heard is not None:
            self._served.hear(heartbeat.node, heard)
        return satellite_view(
            record,
            node,
            heard,
            kubelet_arrived_at,
            run,
            contacts,
            self._rhythms.of(record, heard, contacts),
            self._telemetry.of(record, heard),
            self._accuracies.of(record, heard, contacts),
            agent,
        )
