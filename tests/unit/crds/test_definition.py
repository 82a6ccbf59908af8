"""What holds of every definition, whatever the models say."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from perigee_api.generate.definition import definition, resource_schema
from perigee_api.generate.documents import RESOURCES
from perigee_api.resource import Resource

Node = dict[str, Any]

WRITTEN_BY_KUBERNETES = ("metadata",)


def nodes(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]")
    if "additionalProperties" in node:
        yield from nodes(node["additionalProperties"], f"{path}{{}}")


def has_field(node: Node, path: str) -> bool:
    for part in without_filters(path).removeprefix(".").split("."):
        name = part.removesuffix("[]")
        if name not in node.get("properties", {}):
            return False
        node = node["properties"][name]
        node = node["items"] if part.endswith("[]") else node
    return True


def without_filters(path: str) -> str:
    """A JSONPath in which ``[?(@.type=="Ready")]`` and ``[0]`` stand as ``[]``."""
    return re.sub(r"\[(\?\([^)]*\)|[0-9]+)\]", "[]", path)


@pytest.fixture(params=RESOURCES, ids=lambda resource: resource.kind)
def resource(request: pytest.FixtureRequest) -> Resource:
    found: Resource = request.param
    return found


def test_every_field_is_described(resource: Resource) -> None:
    undescribed = [
        path
        for path, node in nodes(resource_schema(resource))
        if not path.endswith(("]", "}"))
        and not path.startswith(".metadata")
        and not node.get("description", "").endswith(".")
    ]
    assert undescribed == []


def test_lists_and_maps_of_the_spec_are_bounded(resource: Resource) -> None:
    unbounded = [
        path
        for path, node in nodes(resource_schema(resource))
        if ("items" in node and "maxItems" not in node)
        or ("additionalProperties" in node and "maxProperties" not in node)
    ]
    assert unbounded == []


def test_strings_of_the_spec_are_bounded(resource: Resource) -> None:
    unbounded = [
        path
        for path, node in nodes(resource_schema(resource)["properties"]["spec"])
        if node["type"] == "string" and not node.keys() & {"maxLength", "enum", "format"}
    ]
    assert unbounded == []


def test_rules_blame_fields_that_there_are(resource: Resource) -> None:
    astray = [
        f"{path}{rule['fieldPath']}"
        for path, node in nodes(resource_schema(resource))
        for rule in node.get("x-kubernetes-validations", ())
        if "fieldPath" in rule and not has_field(node, rule["fieldPath"])
    ]
    assert astray == []


def test_columns_show_fields_that_there_are(resource: Resource) -> None:
    (version,) = definition(resource)["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    astray = [
        column["jsonPath"]
        for column in version["additionalPrinterColumns"]
        if not has_field(schema, column["jsonPath"])
        and column["jsonPath"] != ".metadata.creationTimestamp"
    ]
    assert astray == []


def test_scale_reads_fields_that_there_are() -> None:
    scaled = [resource for resource in RESOURCES if resource.scale]
    assert [resource.kind for resource in scaled] == ["InferenceModel"]
    for resource in scaled:
        (version,) = definition(resource)["spec"]["versions"]
        for path in version["subresources"]["scale"].values():
            assert has_field(version["schema"]["openAPIV3Schema"], path)


def test_status_is_a_subresource_where_there_is_one(resource: Resource) -> None:
    (version,) = definition(resource)["spec"]["versions"]
    assert ("status" in version.get("subresources", {})) == (resource.status is not None)


def test_conditions_are_one_a_type(resource: Resource) -> None:
    status = resource_schema(resource)["properties"].get("status", {"properties": {}})
    if "conditions" in status["properties"]:
        conditions = status["properties"]["conditions"]
        assert conditions["x-kubernetes-list-type"] == "map"
        assert conditions["x-kubernetes-list-map-keys"] == ["type"]
