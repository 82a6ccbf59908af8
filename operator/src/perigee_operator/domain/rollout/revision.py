"""What makes a revision, and its name."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from perigee_api import names
from perigee_api.heartbeat import AssignedArtifact
from perigee_api.inference_model import (
    Artifact,
    ComputeResources,
    Golden,
    InferenceModelSpec,
    Runtime,
)
from perigee_operator.domain.fleet import RevisionView
from perigee_operator.domain.workloads.power import power
from perigee_operator.domain.workloads.quantity import Amounts
from perigee_operator.domain.workloads.requests import set_aside

FIELDS = ("artifact", "golden", "runtime", "resources")


class RevisionSpec(BaseModel):
    """The part of an InferenceModel's spec that makes a revision."""

    artifact: Artifact
    golden: Golden | None = None
    runtime: Runtime = Runtime()
    resources: ComputeResources = ComputeResources()


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of a model, with all that it takes to run it."""

    name: str
    spec: RevisionSpec
    body: Mapping[str, Any]
    """The spec as its ControllerRevision keeps it, for good: data there cannot be changed."""
    image: str
    fallback: str | None = None
    """The revision that was stable when this one was introduced: the way back on board."""

    @property
    def artifacts(self) -> tuple[AssignedArtifact, ...]:
        """What has to be on board before a Pod of it is."""
        return tuple(
            AssignedArtifact(sha256=file.sha256, uri=file.uri, size=file.size)
            for file in self._files
        )

    @property
    def digests(self) -> frozenset[str]:
        """Those of its artifacts."""
        return frozenset(file.sha256 for file in self._files)

    @property
    def _files(self) -> tuple[Artifact | Golden, ...]:
        golden = self.spec.golden
        return (self.spec.artifact,) if golden is None else (self.spec.artifact, golden)

    @property
    def requests(self) -> Amounts:
        """What is set aside for each Pod of it."""
        resources = self.spec.resources
        return set_aside(resources.requests | power(resources.power), resources.limits)


def revision_body(spec: InferenceModelSpec | RevisionSpec) -> dict[str, Any]:
    """What is kept of a spec in its ControllerRevision.

    Values that equal the defaults are left out, so that a field that a later version of the API
    adds changes no revision's name.
    """
    body = spec.model_dump(
        mode="json", by_alias=True, include=set(FIELDS), exclude_defaults=True, exclude_none=True
    )
    # JSON, in which ControllerRevisions are kept, knows one kind of number.
    whole: dict[str, Any] = json.loads(json.dumps(body, sort_keys=True))
    return whole


def digest(body: Mapping[str, Any]) -> str:
    """The first digits of the hash of canonical JSON; a revision's name, if it is of its body."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[: names.REVISION_DIGITS]


def known_revision(view: RevisionView) -> Revision:
    """A revision as its ControllerRevision tells it."""
    return Revision(
        view.name, RevisionSpec.model_validate(view.spec), view.spec, view.image, view.fallback
    )


def named_revision(spec: InferenceModelSpec, serve_image: str) -> str:
    """The name of the revision that a spec wants: one of the history, or what its fields make."""
    return spec.revision or new_revision(spec, serve_image).name


def new_revision(spec: InferenceModelSpec, serve_image: str) -> Revision:
    """The revision that a spec asks for."""
    body = revision_body(spec)
    return Revision(
        digest(body), RevisionSpec.model_validate(body), body, spec.runtime.image or serve_image
    )
