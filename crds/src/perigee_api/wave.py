"""Which satellites come first in a rollout."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from perigee_api.base import Schema
from perigee_api.placement import LabelSelector
from perigee_api.rules import exactly_one_of, rules


class WaveOrder(StrEnum):
    """In which order satellites come into a wave."""

    CONTACT = "Contact"
    PLANE = "Plane"


class Wave(Schema):
    """Which satellites may run the candidate: exactly one of count, percent and selector."""

    model_config = ConfigDict(
        json_schema_extra=rules(exactly_one_of("count", "percent", "selector"))
    )

    count: int | None = Field(
        default=None, ge=1, le=10_000, description="So many satellites, those before included."
    )
    percent: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="This share of the satellites that the model is to run on.",
    )
    selector: Annotated[LabelSelector, Field(min_length=1)] | None = Field(
        default=None,
        description="All satellites whose Nodes have all of these labels, beside those before.",
    )
    first: Annotated[LabelSelector, Field(min_length=1)] | None = Field(
        default=None,
        description="Satellites whose Nodes have all of these labels come before all others: the "
        "canaries.",
    )
    order: WaveOrder = Field(
        default=WaveOrder.CONTACT,
        description="Contact: those in contact come first, then those that rise first, spread as "
        "the model is. Plane: one orbital plane after the other.",
    )
