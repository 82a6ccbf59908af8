"""A CustomResourceDefinition from a resource's declaration."""

from typing import Any

from perigee_api import names
from perigee_api.generate.structural import Node, structural_schema
from perigee_api.resource import Column, Resource
from perigee_api.rules import rules

CATEGORY = "perigee"
"""``kubectl get perigee`` lists every resource of Perigee."""


def definition_name(resource: Resource) -> str:
    """Name of the CustomResourceDefinition."""
    return f"{resource.plural}.{names.GROUP}"


def definition(resource: Resource) -> dict[str, Any]:
    """The CustomResourceDefinition, as it is applied."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": definition_name(resource),
            "labels": {"app.kubernetes.io/part-of": "perigee"},
        },
        "spec": {
            "group": names.GROUP,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.singular,
                "shortNames": [resource.short_name],
                "categories": [CATEGORY],
            },
            "versions": [_version(resource)],
        },
    }


def resource_schema(resource: Resource) -> Node:
    """The structural schema of the whole resource."""
    properties: dict[str, Node] = {
        "apiVersion": {"description": f"{names.API_VERSION}.", "type": "string"},
        "kind": {"description": f"{resource.kind}.", "type": "string"},
        "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
        "spec": structural_schema(resource.spec),
    }
    if resource.status is not None:
        properties["status"] = structural_schema(resource.status)
    schema: dict[str, Any] = {
        "description": resource.description,
        "type": "object",
        "required": ["spec"],
        "properties": properties,
    }
    return schema | (rules(*resource.name_rules) if resource.name_rules else {})


def _version(resource: Resource) -> dict[str, Any]:
    version: dict[str, Any] = {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": resource_schema(resource)},
        "additionalPrinterColumns": [_column(column) for column in resource.columns],
    }
    subresources: dict[str, Any] = {}
    if resource.status is not None:
        subresources["status"] = {}
    if resource.scale is not None:
        subresources["scale"] = {
            "specReplicasPath": resource.scale.wanted,
            "statusReplicasPath": resource.scale.present,
            "labelSelectorPath": resource.scale.selector,
        }
    if subresources:
        version["subresources"] = subresources
    return version


def _column(column: Column) -> dict[str, Any]:
    written: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "jsonPath": column.path,
        "description": column.description,
    }
    if column.priority:
        written["priority"] = column.priority
    return written
