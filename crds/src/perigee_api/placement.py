"""Where a model may run, and what each copy of it is given."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from perigee_api.base import Schema
from perigee_api.hardware import Architecture, Quantity
from perigee_api.rules import Rule, rules

_LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
_LABEL_KEY = (
    r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
)

LabelSelector = Annotated[
    dict[str, Annotated[str, Field(max_length=63, pattern=_LABEL_VALUE)]],
    Field(
        max_length=16,
        json_schema_extra={
            "x-kubernetes-map-type": "atomic",
            **rules(
                Rule(
                    f"self.all(key, key.matches('{_LABEL_KEY}'))",
                    "every key must be the name of a label, such as perigee.space/plane",
                )
            ),
        },
    ),
]
"""Labels that a Node must all have."""


class AcceleratorPolicy(StrEnum):
    """Whether the model wants an accelerator.

    Required selects Nodes only: those of satellites that have one. The resource itself, such as
    nvidia.com/gpu, is asked for in resources.limits.
    """

    REQUIRED = "Required"
    PREFERRED = "Preferred"
    NONE = "None"


class SpreadBy(StrEnum):
    """What copies are spread over."""

    SATELLITE = "satellite"
    PLANE = "plane"


class Placement(Schema):
    """Where the model may run, and on how many satellites: replicas or everySatellite."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            Rule(
                "has(self.replicas) != self.everySatellite",
                "exactly one of replicas and everySatellite: true must be given",
            ),
            Rule(
                "!has(self.keepInReach) || (has(self.replicas) && "
                "self.keepInReach <= self.replicas)",
                "keepInReach must be at most replicas, and needs them: where the model is on every "
                "satellite there is nothing to arrange",
                field=".keepInReach",
            ),
            Rule(
                "self.everySatellite == oldSelf.everySatellite",
                "everySatellite cannot be changed; make another InferenceModel",
                field=".everySatellite",
            ),
        )
    )

    replicas: int | None = Field(
        default=None, ge=0, le=10_000, description="On so many satellites, one copy each."
    )
    every_satellite: bool = Field(
        default=False, description="On every satellite that the model can run on."
    )
    architectures: Annotated[list[Architecture], Field(max_length=2)] = Field(
        default_factory=list, description="Processor architectures it runs on; any, if empty."
    )
    accelerator: AcceleratorPolicy = AcceleratorPolicy.NONE
    node_selector: LabelSelector = Field(
        default_factory=dict, description="Labels that a satellite's Node must all have."
    )
    spread_by: SpreadBy = SpreadBy.SATELLITE
    keep_in_reach: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="As far as contact plans allow, the copies are placed so that so many of the "
        "satellites that serve the model are in contact at any time. Where another arrangement of "
        "as many copies is clearly better for the day to come, they are moved, one at a time, each "
        "once another serves. Status says when there are too few all the same, and for how long.",
    )


class ComputeResources(Schema):
    """Requests and limits of the model's container, as in a Pod."""

    requests: dict[str, Quantity] = Field(
        default_factory=dict, max_length=16, description="What is set aside for each copy."
    )
    limits: dict[str, Quantity] = Field(
        default_factory=dict, max_length=16, description="What each copy may use at most."
    )
    power: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="Watts that each copy draws. They are set aside of the satellite's "
        "hardware.power; where that is not given the model does not run.",
    )
