from enum import StrEnum
from typing import Annotated, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, ValidationError, create_model

from perigee_api.base import Schema, Timestamp
from perigee_api.generate.structural import structural_schema
from perigee_api.rules import Rule, rules

OF_PART = Rule("self.size() > 1", "too short", field=".name")
OF_FIELD = Rule("self.size() < 9", "too long")


class Colour(StrEnum):
    """What it looks like."""

    RED = "red"
    GREEN = "green"


class Only(StrEnum):
    """The only choice."""

    ONE = "one"


class Part(Schema):
    """A part,
    described on two lines.

    And in two paragraphs.
    """

    model_config = ConfigDict(json_schema_extra=rules(OF_PART))

    size: int = 3
    name: str | None = None


class Several(Schema):
    """Two of them."""

    first_part: Part
    second_part: Part = Field(
        default=Part(size=4), description="The other.", json_schema_extra=rules(OF_FIELD)
    )


def field(annotation: Any, **constraints: Any) -> dict[str, Any]:
    """The structural schema of a field in a model with nothing else."""
    model = create_model("Model", __base__=Schema, value=(annotation, Field(**constraints)))
    properties: dict[str, dict[str, Any]] = structural_schema(model)["properties"]
    return properties["value"]


@pytest.mark.parametrize(
    ("annotation", "constraints", "expected"),
    [
        (str, {"max_length": 3}, {"type": "string", "maxLength": 3}),
        (str | None, {"default": None}, {"type": "string"}),
        (
            Annotated[str, Field(pattern="^a")] | None,
            {"default": None, "description": "A."},
            {"description": "A.", "type": "string", "pattern": "^a"},
        ),
        (bool, {"default": False}, {"type": "boolean", "default": False}),
        (int, {"default": 0, "ge": 0}, {"type": "integer", "default": 0, "minimum": 0}),
        (float, {"gt": 0}, {"type": "number", "minimum": 0, "exclusiveMinimum": True}),
        (float, {"lt": 90}, {"type": "number", "maximum": 90, "exclusiveMaximum": True}),
        (Timestamp, {}, {"type": "string", "format": "date-time"}),
        (
            Colour,
            {"default": Colour.RED},
            {
                "description": "What it looks like.",
                "type": "string",
                "enum": ["red", "green"],
                "default": "red",
            },
        ),
        (Only, {}, {"description": "The only choice.", "type": "string", "enum": ["one"]}),
        (
            list[Colour],
            {"max_length": 2, "default_factory": list},
            {
                "type": "array",
                "maxItems": 2,
                "items": {
                    "description": "What it looks like.",
                    "type": "string",
                    "enum": ["red", "green"],
                },
            },
        ),
        (
            list[int | None],
            {"max_length": 2},
            {"type": "array", "maxItems": 2, "items": {"type": "integer", "nullable": True}},
        ),
        (
            dict[str, Annotated[str, Field(max_length=63)]],
            {"max_length": 16},
            {
                "type": "object",
                "maxProperties": 16,
                "additionalProperties": {"type": "string", "maxLength": 63},
            },
        ),
    ],
)
def test_field(annotation: Any, constraints: dict[str, Any], expected: dict[str, Any]) -> None:
    assert field(annotation, **constraints) == expected


def test_parts_stand_where_they_are_used() -> None:
    part: dict[str, Any] = {
        "description": "A part, described on two lines.\n\nAnd in two paragraphs.",
        "type": "object",
        "properties": {"size": {"type": "integer", "default": 3}, "name": {"type": "string"}},
        "x-kubernetes-validations": [
            {"rule": "self.size() > 1", "message": "too short", "fieldPath": ".name"}
        ],
    }
    assert structural_schema(Several) == {
        "description": "Two of them.",
        "type": "object",
        "required": ["firstPart"],
        "properties": {
            "firstPart": part,
            "secondPart": part
            | {
                "description": "The other.",
                "default": {"size": 4},
                "x-kubernetes-validations": [
                    *part["x-kubernetes-validations"],
                    {"rule": "self.size() < 9", "message": "too long"},
                ],
            },
        },
    }


@pytest.mark.parametrize(
    ("annotation", "constraints", "complaint"),
    [
        (int | str, {}, r"Model\.value: .*choice of types"),
        (list[int | str], {}, r"Model\.value\[\]: .*choice of types"),
        (dict[str, int | str], {}, r"Model\.value\{\}: .*choice of types"),
        (int, {"multiple_of": 2}, r"Model\.value: .*multipleOf"),
        (Any, {}, r"Model\.value: .*one type"),
    ],
)
def test_what_a_structural_schema_cannot_say(
    annotation: Any, constraints: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        field(annotation, **constraints)


bounds = st.none() | st.integers(-5, 5)


@given(at_least=bounds, above=bounds, at_most=bounds, below=bounds, value=st.integers(-7, 7))
def test_bounds_admit_what_the_model_admits(
    at_least: int | None, above: int | None, at_most: int | None, below: int | None, value: int
) -> None:
    assume(at_least is None or above is None)
    assume(at_most is None or below is None)
    constraints = {"ge": at_least, "gt": above, "le": at_most, "lt": below}
    model = create_model("Model", __base__=Schema, value=(int, Field(**constraints)))  # type: ignore[call-overload]
    node = structural_schema(model)["properties"]["value"]

    low, high = node.get("minimum", value), node.get("maximum", value)
    admitted = (low < value if node.get("exclusiveMinimum") else low <= value) and (
        value < high if node.get("exclusiveMaximum") else value <= high
    )
    try:
        model(value=value)
    except ValidationError:
        assert not admitted
    else:
        assert admitted
