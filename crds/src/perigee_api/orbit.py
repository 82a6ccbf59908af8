"""Where a satellite is, and when it is in contact."""

from typing import Annotated

from pydantic import ConfigDict, Field, WithJsonSchema

from perigee_api.base import Schema, Timestamp
from perigee_api.rules import Rule, rules

_CHECKSUM = Rule(
    "size(self) != 69 || self.substring(0, 68).split('')"
    ".map(c, c == '-' ? 1 : c.matches('[0-9]') ? int(c) : 0).sum() % 10 == int(self.substring(68))",
    "the checksum in column 69 does not fit the line: it must be the sum of all digits before "
    "it, a minus sign counting as 1, modulo 10",
)
"""Source: Space Track's documentation of the two-line format."""


class TwoLineElements(Schema):
    """A two-line element set (TLE).

    Catalogue numbers above 99,999 are written in Alpha-5 (a letter for the first two digits), and
    those above 339,999 cannot be written at all: use omm.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "self.line1.substring(2, 7) == self.line2.substring(2, 7)",
                "line1 and line2 are of different satellites: their catalogue numbers in columns "
                "3 to 7 differ",
                field=".line2",
            )
        )
    )

    line1: str = Field(
        min_length=69,
        max_length=69,
        pattern=r"^1 [ -~]{66}[0-9]$",
        description="The first line, 69 characters.",
        json_schema_extra=rules(_CHECKSUM),
    )
    line2: str = Field(
        min_length=69,
        max_length=69,
        pattern=r"^2 [ -~]{66}[0-9]$",
        description="The second line, 69 characters.",
        json_schema_extra=rules(_CHECKSUM),
    )


_EPOCH_TIME = "timestamp(self.matches('(Z|[+-][0-9:]{5})$') ? self : self + 'Z')"

Epoch = Annotated[
    Timestamp,
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 19,
            "maxLength": 35,
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
            r"(Z|[+-][0-9]{2}:[0-9]{2})?$",
        }
        | rules(
            Rule(
                f"{_EPOCH_TIME} >= timestamp('1957-10-04T00:00:00Z')",
                "the epoch lies before the first satellite",
            ),
            Rule(
                f"{_EPOCH_TIME} < timestamp('2100-01-01T00:00:00Z')",
                "the epoch lies in the far future",
            ),
        )
    ),
]
"""An epoch as catalogues write it: often without a time zone, and then in UTC."""


class OrbitMeanElements(Schema):
    """A CCSDS Orbit Mean-Elements Message, with the keys of CelesTrak's JSON: paste it as it is.

    Mean elements in the frame TEME, for SGP4.
    """

    object_name: str | None = Field(
        default=None, alias="OBJECT_NAME", max_length=128, description="Name in the catalogue."
    )
    object_id: str | None = Field(
        default=None,
        alias="OBJECT_ID",
        max_length=32,
        description="International designator: 1998-067A.",
    )
    norad_cat_id: int | None = Field(
        default=None,
        alias="NORAD_CAT_ID",
        ge=0,
        le=999_999_999,
        description="Catalogue number, up to nine digits.",
    )
    epoch: Epoch = Field(
        alias="EPOCH", description="Epoch of the elements; UTC, if it names no time zone."
    )
    mean_motion: float = Field(
        alias="MEAN_MOTION", gt=0, le=18, description="Mean motion in revolutions a day."
    )
    eccentricity: float = Field(alias="ECCENTRICITY", ge=0, lt=1, description="Eccentricity.")
    inclination: float = Field(
        alias="INCLINATION", ge=0, le=180, description="Inclination in degrees."
    )
    ra_of_asc_node: float = Field(
        alias="RA_OF_ASC_NODE",
        ge=0,
        le=360,
        description="Right ascension of the ascending node in degrees.",
    )
    arg_of_pericenter: float = Field(
        alias="ARG_OF_PERICENTER", ge=0, le=360, description="Argument of perigee in degrees."
    )
    mean_anomaly: float = Field(
        alias="MEAN_ANOMALY", ge=0, le=360, description="Mean anomaly in degrees."
    )
    bstar: float = Field(default=0, alias="BSTAR", description="Drag term in 1/earth radii.")
    mean_motion_dot: float = Field(
        default=0,
        alias="MEAN_MOTION_DOT",
        description="First derivative of the mean motion, halved, in revolutions/day^2.",
    )
    mean_motion_ddot: float = Field(
        default=0,
        alias="MEAN_MOTION_DDOT",
        description="Second derivative of the mean motion, divided by six, in revolutions/day^3.",
    )
    ephemeris_type: int | None = Field(
        default=None, alias="EPHEMERIS_TYPE", description="Taken and not used."
    )
    classification_type: str | None = Field(
        default=None, alias="CLASSIFICATION_TYPE", max_length=1, description="Taken and not used."
    )
    element_set_no: int | None = Field(
        default=None, alias="ELEMENT_SET_NO", description="Taken and not used."
    )
    rev_at_epoch: int | None = Field(
        default=None, alias="REV_AT_EPOCH", description="Taken and not used."
    )


class Interval(Schema):
    """A window of time, from start to end; repeated, if it says so."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule("self.end > self.start", "end must be later than start", field=".end"),
            Rule(
                "!has(self.every) || "
                "self.every * 1000.0 >= double((self.end - self.start).getMilliseconds())",
                "every must be at least as long as the window from start to end, or the window "
                "overlaps its own repetition",
                field=".every",
            ),
            Rule(
                "!has(self.until) || has(self.every)",
                "until needs every: a window that does not repeat ends with its end",
                field=".until",
            ),
            Rule(
                "!has(self.until) || self.until > self.start",
                "until must be later than start",
                field=".until",
            ),
        )
    )

    start: Timestamp = Field(description="When it begins.")
    end: Timestamp = Field(description="When it ends; later than start.")
    every: float | None = Field(
        default=None,
        ge=10,
        le=31_536_000,
        description="Seconds from one start to the next, if it repeats; at least its own length.",
    )
    until: Timestamp | None = Field(
        default=None, description="From when on it repeats no more: no repetition starts later."
    )


class ContactWindow(Interval):
    """A time in which the mission says the satellite is in contact; repeated, if it says so.

    It starts with acquisition of signal (AOS) and ends with loss of signal (LOS).
    """

    station: str | None = Field(
        default=None,
        max_length=63,
        description="Name of the station that sees it. If there is a GroundStation of that name, "
        "the contact is one only while that is in service. Satellites that one station should have "
        "heard, and did not, make it suspect.",
    )
    max_elevation: float | None = Field(
        default=None, ge=0, le=90, description="Highest elevation of the pass in degrees."
    )


class Validity(Schema):
    """From when until when a contact plan is to be believed. Outside of it nothing is known."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "!has(self.start) || !has(self.end) || self.end > self.start",
                "end must be later than start",
                field=".end",
            )
        )
    )

    start: Timestamp | None = Field(default=None, description="Always until end, if not given.")
    end: Timestamp | None = Field(default=None, description="For good, if not given.")


class Place(Schema):
    """A place on the earth (WGS 84)."""

    latitude: float = Field(ge=-90, le=90, description="Degrees north.")
    longitude: float = Field(ge=-180, le=180, description="Degrees east.")
    height: float = Field(default=0, ge=-500, le=9000, description="Metres above the ellipsoid.")


class UnknownOrbit(Schema):
    """The Node was discovered and nobody has said yet where it is."""


class Orbit(Schema):
    """Where the satellite is, given in exactly one way: omm, tle, contacts or fixed.

    `unknown` stands for none of them. It may stand beside another, since `kubectl apply` cannot
    take away what the operator wrote at discovery: it then means nothing, and the operator
    removes it.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "[has(self.omm), has(self.tle), has(self.contacts), has(self.fixed)]"
                ".filter(given, given).size() <= 1",
                "at most one of omm, tle, contacts and fixed may be given",
            ),
            Rule(
                "has(self.omm) || has(self.tle) || has(self.contacts) || has(self.fixed)"
                " || has(self.unknown)",
                "one of omm, tle, contacts and fixed must be given",
            ),
            Rule(
                "!has(self.validity) || has(self.contacts)",
                "validity belongs to contacts: elements and fixed places have none",
                field=".validity",
            ),
        )
    )

    omm: OrbitMeanElements | None = None
    tle: TwoLineElements | None = None
    contacts: Annotated[list[ContactWindow], Field(min_length=1, max_length=256)] | None = Field(
        default=None,
        description="A contact plan that the mission supplies, ordered by start. Windows of one "
        "station do not overlap; nor do windows of which one names no station.",
        json_schema_extra=rules(
            Rule(
                "self.map(window, window.start).isSorted()",
                "contacts must be ordered by start",
            ),
            Rule(
                "self.all(a, a.end <= a.start || self.exists_one(b, "
                "a.start < b.end && b.start < a.end && "
                "(!has(a.station) || !has(b.station) || a.station == b.station)))",
                "contacts overlap: two windows of the same station, or of no named one, share time",
            ),
        ),
    )
    validity: Validity | None = Field(
        default=None,
        description="From when until when contacts are the whole plan. Where nothing is known, no "
        "silence is held against the satellite. For good, if not given.",
    )
    fixed: Place | None = Field(default=None, description="An edge site, always in contact.")
    unknown: UnknownOrbit | None = Field(
        default=None, description="Written at discovery; nothing is placed there until it is known."
    )
