"""What every resource model has in common."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from perigee_api.lean import Lean


class Schema(Lean):
    """A part of a resource: camelCase outside, snake_case inside.

    Unknown fields are dropped, as the API server prunes them: a part reads what a newer API
    version wrote. ``kubectl apply`` refuses them, since it asks for strict validation.
    """

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="ignore")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("lies outside of the calendar") from error


Timestamp = Annotated[datetime, AfterValidator(_in_utc)]
"""RFC 3339; always in UTC once read."""


class Condition(Schema):
    """A finding, as `metav1.Condition`."""

    type: str = Field(max_length=316, description="What the finding is about, in CamelCase.")
    status: str = Field(
        description="Whether it holds.",
        json_schema_extra={"enum": ["True", "False", "Unknown"]},
    )
    reason: str = Field(max_length=1024, description="Why, in one CamelCase word.")
    message: str = Field(
        default="", max_length=32768, description="Why, in a sentence for a person."
    )
    last_transition_time: Timestamp = Field(description="When `status` last changed.")
    observed_generation: int | None = Field(
        default=None, ge=0, description="The generation of the spec that the finding is of."
    )


Conditions = Annotated[
    list[Condition],
    Field(
        max_length=32,
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        },
    ),
]
"""One of a type; several writers may each apply their own."""
