"""How a model's rollout stands, as text for a person. Pure."""

from collections.abc import Iterator

from perigee_api.comparison import ComparisonStatus
from perigee_api.inference_model import (
    InferenceModelSpec,
    InferenceModelStatus,
    MetricStatus,
    RolloutStatus,
    Step,
)

PASSED, UNDER_WAY, AHEAD = "✔", "▶", "·"


def rollout_text(name: str, spec: InferenceModelSpec, status: InferenceModelStatus) -> str:
    """Revisions, steps with where it is, what it waits for, and what was decided."""
    return "\n".join(_lines(name, spec, status))


def _lines(name: str, spec: InferenceModelSpec, status: InferenceModelStatus) -> Iterator[str]:
    yield f"{name}: {status.phase.value}"
    if status.message:
        yield f"  {status.message}"
    yield ""
    yield f"  stable     {status.stable_revision or 'none yet'}"
    yield f"  previous   {status.previous_revision or 'none'}"
    if status.waiting is not None:
        waiting = status.waiting
        reason = f"{waiting.reason} {waiting.place or ''}".rstrip()
        yield f"  waiting    {waiting.revision} ({reason}) since {waiting.since:%Y-%m-%d %H:%M:%S}"
    if status.rollout is not None:
        yield f"  candidate  {status.rollout.candidate}"
        yield f"  weight     {status.rollout.weight} % asked, {status.weight} % served"
        yield ""
        yield from _steps(spec, status.rollout)
    if status.history:
        yield ""
        yield from (
            f"  {e.time:%Y-%m-%d %H:%M:%S}  {e.reason}: {e.message}" for e in status.history
        )


def _steps(spec: InferenceModelSpec, rollout: RolloutStatus) -> Iterator[str]:
    if rollout.direct or not spec.rollout.steps:
        yield "  directly, without steps"
        return
    for index, step in enumerate(spec.rollout.steps):
        mark = PASSED if rollout.all_passed or index < rollout.step else AHEAD
        mark = UNDER_WAY if index == rollout.step and not rollout.all_passed else mark
        held = "  (paused)" if mark is UNDER_WAY and rollout.held else ""
        yield f"  {mark} {index + 1}. {_said(step)}{held}"
        yield from (f"       {_measured(m)}" for m in rollout.analysis if m.step == index)
        if rollout.comparison is not None and rollout.comparison.step == index:
            yield f"       {_compared(rollout.comparison)}"


def _measured(metric: MetricStatus) -> str:
    """What was found of a metric."""
    last = "" if metric.last_value is None else f", last value {float(metric.last_value):.4g}"
    counts = f"successes {metric.successes}, failures {metric.failures}"
    return f"{metric.name}: {metric.verdict} ({counts}{last})"


def _compared(comparison: ComparisonStatus) -> str:
    """What was found of the comparison."""
    counts = f"requests {comparison.requests}, errors {comparison.errors}"
    return f"comparison: {comparison.verdict} (blocks {comparison.blocks}, {counts})"


def _said(step: Step) -> str:
    """A step as its YAML has it, in one line."""
    ((kind, value),) = step.model_dump(mode="json", by_alias=True, exclude_none=True).items()
    if not isinstance(value, dict):
        return f"{kind}: {value}"
    if kind == "analysis":
        names = [metric["name"] for metric in value.get("metrics", ())]
        others = [name for name in ("golden", "comparison") if name in value]
        return f"{kind}: {', '.join([*others, *names])}"
    inner = ", ".join(f"{key}: {each}" for key, each in value.items()) or "until somebody says go"
    return f"{kind}: {inner}"
