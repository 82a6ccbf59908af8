"""What a snapshot is taken of."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Record
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.domain.orbit.station import Station
from perigee_operator.domain.writes import Json
from perigee_operator.services.views.satellites import SatelliteRecord
from perigee_operator.storage.heartbeats import HeartbeatFeed


class Observed(Protocol):
    """What a snapshot is taken of: `perigee_operator.storage.fleet.FleetCache`."""

    feed: HeartbeatFeed

    @property
    def observing_since(self) -> datetime | None:
        """Since when heartbeats would have been seen without a gap."""

    def values(self, kind: Kind) -> Collection[Json]:
        """All objects of a kind: another collection, if one of them is another than before."""

    def agents(self, kind: Kind) -> Collection[Json]:
        """The agents' DaemonSet, its ControllerRevisions or its Pods; likewise."""


class ContactSource(Protocol):
    """Who knows the contacts: `perigee_operator.services.contacts.book.ContactBook`."""

    def of(
        self,
        satellites: Sequence[SatelliteRecord],
        stations: Sequence[Station],
        back_to: datetime | None = None,
    ) -> Mapping[str, Contacts]:
        """What is known of the contacts of these satellites, by uid. May leave some out.

        Args:
            satellites: all of the fleet.
            stations: all that see them.
            back_to: from when on contact is counted, if that is long ago.
        """


class MeasurementSource(Protocol):
    """Who measures: `perigee_operator.services.measurements.book.MeasurementBook`."""

    def of(self, models: Iterable[ModelView]) -> Mapping[str, Mapping[MetricKey, Record]]:
        """What was measured of these models' candidates, by the model's uid."""
