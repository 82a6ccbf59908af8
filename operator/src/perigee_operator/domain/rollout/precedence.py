"""Which models come first: until they are promoted, nothing of those that come after is begun."""

from collections.abc import Iterator, Mapping

from perigee_api.inference_model import Predecessor
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.fleet import ModelView, model_key
from perigee_operator.domain.rollout.revision import named_revision

Models = Mapping[str, ModelView]
"""All models of the fleet, by key."""


def dependencies_met(model: ModelView, models: Models, serve_image: str) -> Verdict | None:
    """Whether all models that come first are promoted; None where none has to.

    Args:
        model: the one that is to come after them.
        models: all of the fleet.
        serve_image: with which models are served that name none.
    """
    if model.spec is None or not model.spec.rollout.after:
        return None
    open_ = {
        first.model: why
        for first in model.spec.rollout.after
        if (why := _obstacle(model, first, models, serve_image)) is not None
    }
    if not open_:
        return Verdict(holds=True, reason="Promoted")
    circle = _circle(model, models, serve_image)
    if circle:
        way = ", which waits for ".join(circle)
        message = f"{way}: take one of them out of spec.rollout.after"
        return Verdict(holds=False, reason="Circle", message=message)
    missing = any(model_key(model.namespace, name) not in models for name in open_)
    reason = "NotFound" if missing else "NotPromoted"
    return Verdict(holds=False, reason=reason, message="; ".join(open_.values()))


def predecessors(model: ModelView, models: Models) -> tuple[ModelView | None, ...]:
    """The models that come first, as they are now; None for those that there are not."""
    after = model.spec.rollout.after if model.spec else ()
    return tuple(models.get(model_key(model.namespace, first.model)) for first in after)


def _obstacle(model: ModelView, first: Predecessor, models: Models, serve_image: str) -> str | None:
    """Why a model does not come before another yet; None if it does."""
    other = models.get(model_key(model.namespace, first.model))
    who = f"InferenceModel {first.model}"
    if other is None:
        return f"there is no {who} in namespace {model.namespace}"
    if other.deleting:
        return f"{who} is being deleted"
    if first.revision is not None:
        return _behind(other, first.revision, who)
    if other.spec is None:
        return f"the spec of {who} is not valid"
    return _unfinished(other, named_revision(other.spec, serve_image), who)


def _behind(other: ModelView, least: str, who: str) -> str | None:
    """Why a model has not come to a revision of its history, or a later one, or does not stay."""
    numbers = {view.name: view.number for view in other.revisions}
    status = other.status
    if least not in numbers:
        return f"{who} has no revision {least} in its history"
    if status.stable_revision is None or numbers.get(status.stable_revision, 0) < numbers[least]:
        serves = status.stable_revision or "none"
        return f"the stable revision of {who} is {serves}, not {least} or a later one"
    if status.rollout is not None and numbers.get(status.rollout.candidate, 0) < numbers[least]:
        # Its number is known once its ControllerRevision is made: that of a new one is not yet.
        known = status.rollout.candidate in numbers
        return f"{who} goes back to revision {status.rollout.candidate}" if known else None
    return None


def _unfinished(other: ModelView, wanted: str, who: str) -> str | None:
    """Why a model has not come to the revision that its spec asks for."""
    status = other.status
    if status.rollout is not None:
        return f"revision {status.rollout.candidate} of {who} is under way"
    if status.stable_revision == wanted:
        return None
    if status.aborted is not None and status.aborted.revision == wanted:
        return f"revision {wanted} of {who} was given up ({status.aborted.reason})"
    if status.pinned is not None and status.pinned.instead_of == wanted:
        pinned = status.pinned
        return f"{who} stays with revision {pinned.revision}, as {pinned.by} asked"
    return f"revision {wanted} of {who} is not begun yet"


def _circle(model: ModelView, models: Models, serve_image: str) -> tuple[str, ...]:
    """Models that wait for each other, from this one back to itself; empty if there are none.

    Only what is yet to be begun waits: a rollout that is under way comes to its end.
    """
    ways: list[tuple[str, ...]] = [(model.name,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        at = models.get(model_key(model.namespace, way[-1]), model)
        for name in _awaited(at, models, serve_image):
            if name == model.name:
                return (*way, name)
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def _awaited(model: ModelView, models: Models, serve_image: str) -> Iterator[str]:
    """The models that one waits for which have something to begin themselves."""
    for first in model.spec.rollout.after if model.spec else ():
        other = models.get(model_key(model.namespace, first.model))
        if other is None or _obstacle(model, first, models, serve_image) is None:
            continue
        if _has_to_begin(other, serve_image):
            yield first.model


def _has_to_begin(model: ModelView, serve_image: str) -> bool:
    if model.spec is None or model.deleting or model.status.rollout is not None:
        return False
    wanted, aborted = named_revision(model.spec, serve_image), model.status.aborted
    given_up = aborted is not None and aborted.revision == wanted
    return not given_up and model.status.pinned is None and model.status.stable_revision != wanted
