"""The situation of a model in one look."""

from dataclasses import replace
from datetime import datetime

from perigee_api.inference_model import InferenceModelSpec
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.placement.eligibility import objection
from perigee_operator.domain.rollout.revision import Revision, known_revision, new_revision
from perigee_operator.domain.rollout.situation import Situation


def situated(
    model: ModelView,
    spec: InferenceModelSpec,
    directory: Directory,
    serve_image: str,
    now: datetime,
) -> Situation:
    """A model with that spec beside the satellites."""
    satellites = directory.satellites
    revisions: dict[str, Revision] = {view.name: known_revision(view) for view in model.revisions}
    asked = new_revision(spec, serve_image)
    # What is stable now, and for good: a revision's Pods must not change with what comes later.
    stable = model.status.stable_revision
    fallback = stable if stable in revisions and stable != asked.name else None
    revisions.setdefault(asked.name, replace(asked, fallback=fallback))
    hosts = {pod.node for pod in model.pods if pod.node in satellites}
    unsuited = {
        node: replace(satellites[node], unsuited=True)
        for node in hosts
        if node is not None and objection(satellites[node].node, spec.placement) is not None
    }
    seen = {**satellites, **unsuited} if unsuited else satellites
    return Situation(
        model,
        spec,
        revisions,
        seen,
        directory.eligible(spec.placement),
        directory,
        now,
        swaps=tuple(model.status.swaps),
    )
