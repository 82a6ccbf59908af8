"""SatelliteNode: a satellite's orbit, hardware and link, and what the ground sees of it."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from perigee_api.base import Condition, Conditions, Schema, Timestamp
from perigee_api.hardware import (
    Accelerator,
    AcceleratorKind,
    Architecture,
    Hardware,
    Quantity,
    VitalLimits,
)
from perigee_api.hearing import HeardOutside, HeartbeatRhythm
from perigee_api.orbit import (
    ContactWindow,
    Orbit,
    OrbitMeanElements,
    Place,
    TwoLineElements,
    UnknownOrbit,
)
from perigee_api.resource import WIDE, Column, Resource
from perigee_api.rules import Rule, rules
from perigee_api.telemetry_days import TelemetryDays

__all__ = [
    "RESOURCE",
    "Accelerator",
    "AcceleratorKind",
    "Architecture",
    "CarriedModel",
    "Condition",
    "ContactWindow",
    "Hardware",
    "Link",
    "Liveness",
    "NextContact",
    "Orbit",
    "OrbitMeanElements",
    "Place",
    "Quantity",
    "SatelliteNodeSpec",
    "SatelliteNodeStatus",
    "SatellitePhase",
    "SatelliteTelemetry",
    "TelemetryDays",
    "TwoLineElements",
    "UnknownOrbit",
]


class Link(Schema):
    """What the radio link carries."""

    uplink: float = Field(
        default=256,
        gt=0,
        le=100_000_000,
        description="To the satellite, kbit/s. A rollout gives a delivery twice the time that "
        "its bytes take.",
    )
    downlink: float = Field(
        default=2048, gt=0, le=100_000_000, description="From the satellite, kbit/s. Not used yet."
    )


class Liveness(Schema):
    """When silence becomes suspicion, and suspicion loss."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "self.lostAfter >= 3.0 * self.heartbeatInterval",
                "lostAfter must be at least three times heartbeatInterval",
                field=".lostAfter",
            )
        )
    )

    heartbeat_interval: float = Field(
        default=10, ge=1, le=3600, description="Seconds between heartbeats while in contact."
    )
    lost_after: float = Field(
        default=60,
        ge=3,
        le=86_400,
        description="Seconds of silence within one long contact (half an hour or more: edge sites, "
        "geostationary and highly elliptical orbits) after which the satellite is Lost; at least "
        "three heartbeats. Longer where heartbeats come so unevenly that phiThreshold is not "
        "reached yet.",
    )
    phi_threshold: float = Field(
        default=8,
        gt=0,
        le=64,
        description="Suspicion from which silence within one long contact may be loss: 8 means "
        "that, as heartbeats have come so far, one interval in a hundred million is as long.",
    )
    missed_passes: int = Field(
        default=2,
        ge=1,
        le=100,
        description="Passes, of at least 60 s of sure contact each, that make the satellite Lost "
        "if all go by without a heartbeat.",
    )


class SatelliteNodeSpec(Schema):
    """What is wanted of a satellite."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.nodeName) == has(oldSelf.nodeName) && "
                "(!has(self.nodeName) || self.nodeName == oldSelf.nodeName)",
                "nodeName cannot be changed: delete the SatelliteNode and create it anew, so that "
                "the Node it had is left clean",
                field=".nodeName",
            )
        )
    )

    node_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=63,
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        description="Its Node, if not of the resource's own name. Cannot be changed.",
    )
    orbit: Orbit
    plane: str | None = Field(
        default=None,
        max_length=63,
        pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        description="Orbital plane, for models that are spread by plane.",
    )
    hardware: Hardware = Hardware()
    link: Link = Link()
    liveness: Liveness = Liveness()
    limits: VitalLimits = VitalLimits()
    maintenance: bool = Field(
        default=False, description="Taken out of service by a human; silence is not counted."
    )
    decommissioned: bool = Field(
        default=False, description="Gone for good, says a human: its pods are cleared away."
    )


class SatellitePhase(StrEnum):
    """How the ground sees a satellite."""

    PENDING = "Pending"
    IN_CONTACT = "InContact"
    EXPECTED_DARK = "ExpectedDark"
    MISSED_CONTACT = "MissedContact"
    SUSPECT = "Suspect"
    LOST = "Lost"
    MAINTENANCE = "Maintenance"


class NextContact(Schema):
    """The contact that is under way, or else the next one."""

    station: str | None = Field(default=None, description="The GroundStation that sees it.")
    start: Timestamp = Field(description="Acquisition of signal (AOS).")
    end: Timestamp | None = Field(
        default=None, description="Loss of signal (LOS); none where contact never ends."
    )
    max_elevation: float | None = Field(
        default=None, description="Highest elevation of the pass in degrees."
    )


class SatelliteTelemetry(Schema):
    """The last telemetry that came down when the phase changed."""

    memory_total_mib: int | None = Field(default=None, description="Memory on board in MiB.")
    memory_available_mib: int | None = Field(
        default=None, description="Memory that is not in use in MiB."
    )
    disk_free_mib: int | None = Field(default=None, description="Room left for artifacts in MiB.")
    load1: float | None = Field(default=None, description="Load average over one minute.")
    temperature_c: float | None = Field(default=None, description="Degrees Celsius.")
    battery_percent: float | None = Field(default=None, description="Charge of the battery, %.")


class CarriedModel(Schema):
    """A model that has a Pod on the satellite."""

    name: str = Field(description="The InferenceModel, as namespace/name.")
    revision: str = Field(description="The model's revision.")
    state: str = Field(description="Active, Standby or Starting.")


class SatelliteNodeStatus(Schema):
    """What is seen of a satellite; written on transitions only."""

    phase: SatellitePhase = SatellitePhase.PENDING
    conditions: Conditions = Field(
        default_factory=list, description="Findings on the satellite, one a type."
    )
    observed_generation: int | None = Field(
        default=None, ge=0, description="The generation of the spec that this status is of."
    )
    last_heartbeat_time: Timestamp | None = Field(
        default=None,
        description="When the last heartbeat before the last transition came, by ground's clock.",
    )
    last_lost_time: Timestamp | None = Field(
        default=None, description="When it was last declared Lost."
    )
    missed_passes: int = Field(
        default=0, ge=0, description="Passes that have gone by in silence since the last heartbeat."
    )
    missed_passes_since: Timestamp | None = Field(
        default=None, description="When the first of them began."
    )
    passes_judged_until: Timestamp | None = Field(
        default=None,
        description="Passes that ended until then have been judged. One does not count where the "
        "station that saw it has heard none of at least three satellites in a row.",
    )
    rhythm: HeartbeatRhythm | None = Field(
        default=None, description="How heartbeats had come when the phase changed last."
    )
    heard_outside: HeardOutside | None = None
    next_contact: NextContact | None = None
    epoch: int = Field(default=0, ge=0, description="Rises each time the satellite is Lost.")
    acknowledged_epoch: int = Field(
        default=0, ge=0, description="The highest epoch that its agent has reported."
    )
    telemetry: SatelliteTelemetry | None = None
    telemetry_days: TelemetryDays | None = Field(
        default=None,
        description="The last days of telemetry, by which maintenance is advised; written once a "
        "day.",
    )
    models: Annotated[list[CarriedModel], Field(max_length=64)] = Field(
        default_factory=list, description="Models that have a Pod on the satellite."
    )


RESOURCE: Final = Resource(
    kind="SatelliteNode",
    plural="satellitenodes",
    short_name="sat",
    namespaced=False,
    description="A satellite, or an edge site: where it is, what it carries, how it is reached. "
    "Its Node, of the same name unless nodeName says otherwise, is told of it by labels.",
    spec=SatelliteNodeSpec,
    status=SatelliteNodeStatus,
    name_rules=(
        Rule(
            "self.metadata.name.size() <= 63",
            "the name must be at most 63 characters long: it is the value of a label",
            field=".metadata.name",
        ),
    ),
    columns=(
        Column("Phase", ".status.phase", "How the ground sees the satellite."),
        Column("Next contact", ".status.nextContact.start", "Acquisition of signal."),
        Column("Until", ".status.nextContact.end", "Loss of signal.", priority=WIDE),
        Column("Station", ".status.nextContact.station", "Who sees it.", priority=WIDE),
        Column(
            "Elevation",
            ".status.nextContact.maxElevation",
            "Highest elevation of the next contact in degrees.",
            type="number",
            priority=WIDE,
        ),
        Column(
            "Node",
            ".spec.nodeName",
            "Its Node, where that is not of the same name.",
            priority=WIDE,
        ),
        Column("Age", ".metadata.creationTimestamp", "Since it was created.", type="date"),
        Column(
            "Message",
            '.status.conditions[?(@.type=="Ready")].message',
            "Why it is seen so.",
            priority=WIDE,
        ),
    ),
)
