"""From a Pydantic model to the structural schema that a CustomResourceDefinition wants.

A structural schema has no references, no titles and a type at every node. An optional field is one
that may be absent; null is only for the gaps in a list. Source: the Kubernetes documentation on
CustomResourceDefinitions.
"""

import re
from collections.abc import Mapping
from typing import Any

from perigee_api.base import Schema
from perigee_api.rules import KEY as RULES

Node = dict[str, Any]
"""A node of a schema."""

_COPIED = (
    "description",
    "type",
    "nullable",
    "format",
    "enum",
    "default",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
    "properties",
    "items",
    "additionalProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    RULES,
)
"""The keywords that a structural schema has here, in the order in which they are written."""

_DROPPED = frozenset({"title"})


def structural_schema(model: type[Schema]) -> Node:
    """The structural schema of a model.

    Raises:
        ValueError: The model has something that a structural schema cannot say.
    """
    schema = model.model_json_schema(by_alias=True)
    return _node(schema, schema.pop("$defs", {}), model.__name__)


def _node(source: Node, definitions: Mapping[str, Node], where: str) -> Node:
    node = _single(source, definitions, where)
    _bound(node, "exclusiveMinimum", "minimum")
    _bound(node, "exclusiveMaximum", "maximum")
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if "description" in node:
        node["description"] = _unwrapped(node["description"])
    for below, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if below in node:
            gaps = {"type": "null"} in node[below].get("anyOf", ())
            node[below] = _node(node[below], definitions, f"{where}{mark}")
            node[below] |= {"nullable": True} if gaps else {}
    if properties := node.pop("properties", {}):
        node["properties"] = {
            name: _node(field, definitions, f"{where}.{name}") for name, field in properties.items()
        }
    if (default := _present(node.pop("default", None))) not in (None, "", {}, []):
        node["default"] = default
    if unknown := node.keys() - set(_COPIED) - _DROPPED:
        raise ValueError(f"{where}: a structural schema has no {', '.join(sorted(unknown))}")
    if "type" not in node:
        raise ValueError(f"{where}: a structural schema needs one type at every node")
    return {key: node[key] for key in _COPIED if key in node}


def _single(source: Node, definitions: Mapping[str, Node], where: str) -> Node:
    """The node with its reference followed and "or null" taken off; what it says itself wins."""
    outer = dict(source)
    if "$ref" in outer:
        inner = definitions[outer.pop("$ref").removeprefix("#/$defs/")]
    elif "anyOf" in outer:
        options = [option for option in outer.pop("anyOf") if option != {"type": "null"}]
        if len(options) != 1:
            raise ValueError(f"{where}: a structural schema has no choice of types")
        inner = options[0]
    else:
        return outer
    inner = _single(inner, definitions, where)
    merged = inner | outer
    if RULES in inner and RULES in outer:
        merged[RULES] = [*inner[RULES], *outer[RULES]]
    return merged


def _bound(node: Node, exclusive: str, bound: str) -> None:
    """JSON Schema has the exclusive bound's value, OpenAPI 3.0 a flag beside the bound."""
    if exclusive in node:
        node[bound] = node[exclusive]
        node[exclusive] = True


def _unwrapped(docstring: str) -> str:
    """Paragraphs on one line each, as `kubectl explain` wraps them itself."""
    paragraphs = re.split(r"\n\s*\n", docstring.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _present(value: Any) -> Any:
    """A default without what it leaves open: null, and what is empty."""
    if not isinstance(value, dict):
        return value
    present = {k: _present(v) for k, v in value.items()}
    return {k: v for k, v in present.items() if v is not None and v not in ({}, [])}
