"""The files that are generated, as text, and how they differ from those that are there."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from perigee_api import (
    ground_station,
    inference_model,
    rollout_action,
    rollout_policy,
    satellite_node,
)
from perigee_api.generate.definition import definition, definition_name
from perigee_api.generate.reference import reference
from perigee_api.resource import Resource

RESOURCES = (
    satellite_node.RESOURCE,
    inference_model.RESOURCE,
    rollout_action.RESOURCE,
    rollout_policy.RESOURCE,
    ground_station.RESOURCE,
)

MANIFESTS = PurePosixPath("crds/yaml")
TEMPLATES = PurePosixPath("charts/perigee-crds/templates")
REFERENCE = PurePosixPath("docs/api.md")

_NOTICE = "# Generated from crds/src/perigee_api by `make generate`; edit the models instead.\n"
_KEEP = """\
  {{- if .Values.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""


class _Dumper(yaml.SafeDumper):
    """Writes everything out: nobody wants to follow anchors through a CRD."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def documents() -> dict[PurePosixPath, str]:
    """Every generated file by its path from the checkout's root."""
    files = {REFERENCE: reference(RESOURCES)}
    for resource in RESOURCES:
        files[MANIFESTS / f"{resource.plural}.yaml"] = manifest(resource)
        files[TEMPLATES / f"{resource.plural}.yaml"] = template(resource)
    return files


def manifest(resource: Resource) -> str:
    """What `kubectl apply` takes."""
    return _NOTICE + yaml.dump(
        definition(resource), Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True
    )


def template(resource: Resource) -> str:
    """What the chart holds.

    Raises:
        ValueError: A text of the resource has what Helm would take for its own.
    """
    text = manifest(resource)
    if "{{" in text:
        raise ValueError(f"{resource.kind}: its definition has '{{{{', which Helm would take")
    name = f"  name: {definition_name(resource)}\n"
    return text.replace(name, name + _KEEP, 1)


def differences(root: Path, generated: Mapping[PurePosixPath, str]) -> Iterator[str]:
    """A sentence for each file that is not as generated, with the first lines that differ."""
    for path, text in sorted(generated.items()):
        file = root / path
        if not file.exists():
            yield f"{path} is missing"
        elif (present := file.read_text(encoding="utf-8")) != text:
            yield f"{path} differs:\n{_first_difference(present, text)}"
    for folder in (MANIFESTS, TEMPLATES):
        for file in sorted((root / folder).glob("*.yaml")):
            if folder / file.name not in generated:
                yield f"{folder / file.name} is of no resource"


def _first_difference(present: str, generated: str, lines: int = 12) -> str:
    found = difflib.unified_diff(
        present.splitlines(), generated.splitlines(), "there", "generated", lineterm="", n=1
    )
    return "\n".join(f"    {line}" for line, _ in zip(found, range(lines), strict=False))
