"""The reference of the API for people, as Markdown."""

from collections.abc import Iterable, Iterator
from typing import Any

from perigee_api import names
from perigee_api.generate.definition import resource_schema
from perigee_api.generate.structural import Node
from perigee_api.resource import Resource
from perigee_api.rules import KEY as RULES

_HEAD = f"""\
<!-- Generated from crds/src/perigee_api by `make generate`; edit the models instead. -->

# The API, `{names.API_VERSION}`

Required fields are **bold**. A list's elements are written `[]`, a map's values `{{}}`. Fields
that are not listed here are refused by `kubectl apply`, which asks for strict validation, and
dropped by the API server for clients that do not.
"""

_BOUNDS = (
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", "elements"),
    ("minProperties", "maxProperties", "entries"),
)


def reference(resources: Iterable[Resource]) -> str:
    """The page on all resources."""
    return "\n".join([_HEAD, *("\n".join(_section(resource)) for resource in resources)])


def _section(resource: Resource) -> Iterator[str]:
    schema = resource_schema(resource)
    scope = "namespaced" if resource.namespaced else "cluster-scoped"
    yield f"## {resource.kind}\n"
    yield f"`kubectl get {resource.short_name}`, {scope}. {resource.description}\n"
    for part in ("spec", "status"):
        if part in schema["properties"]:
            yield "| field | type | default | meaning |"
            yield "|---|---|---|---|"
            required = part in schema["required"]
            yield from _rows(part, schema["properties"][part], required=required)
            yield ""
    yield "What must hold beside the fields' own bounds:\n"
    yield from _rules("", schema)
    yield ""


def _rows(path: str, node: Node, *, required: bool) -> Iterator[str]:
    name = f"**`{path}`**" if required else f"`{path}`"
    default = node.get("default")
    shown = "" if default is None or isinstance(default, dict) else f"`{_plain(default)}`"
    meaning = node.get("description", "").replace("\n\n", " ").replace("|", "\\|")
    yield f"| {name} | {_type(node)} | {shown} | {meaning} |"
    for field, child in node.get("properties", {}).items():
        yield from _rows(f"{path}.{field}", child, required=field in node.get("required", ()))
    element = node.get("items", {})
    for field, child in element.get("properties", {}).items():
        yield from _rows(f"{path}[].{field}", child, required=field in element.get("required", ()))


def _rules(path: str, node: Node) -> Iterator[str]:
    for rule in node.get(RULES, ()):
        field = (path + rule.get("fieldPath", "")).removeprefix(".")
        yield f"- `{field}`: {rule['message']}."
    for field, child in node.get("properties", {}).items():
        yield from _rules(f"{path}.{field}", child)
    if "items" in node:
        yield from _rules(f"{path}[]", node["items"])


def _type(node: Node) -> str:
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    kind = str(node.get("format", node["type"]))
    if "items" in node:
        kind = f"list of {_type(node['items'])}"
    if "additionalProperties" in node:
        kind = f"map of {_type(node['additionalProperties'])}"
    return ", ".join([kind, *_bounds(node)])


def _bounds(node: Node) -> Iterator[str]:
    if "minimum" in node:
        yield f"{'>' if node.get('exclusiveMinimum') else '≥'} {_plain(node['minimum'])}"
    if "maximum" in node:
        yield f"{'<' if node.get('exclusiveMaximum') else '≤'} {_plain(node['maximum'])}"
    for least, most, unit in _BOUNDS:
        if least in node or most in node:
            yield f"{_range(node.get(least), node.get(most))} {unit}"


def _range(least: int | None, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    if least is None:
        return f"at most {most}"
    return f"{least}" if least == most else f"{least} to {most}"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
