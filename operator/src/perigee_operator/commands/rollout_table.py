"""How a model's rollout stands, as text for a person. Pure."""

from collections.abc import Iterator

from perigee_api.comparison import ComparisonStatus
from perigee_api.copy_move import CopyMove
from perigee_api.drift import DriftStatus
from perigee_api.inference_model import (
    InferenceModelSpec,
    InferenceModelStatus,
    MetricStatus,
    RolloutStatus,
    Step,
    Swap,
)
from perigee_api.shadow import ShadowStatus

PASSED, UNDER_WAY, AHEAD, GIVEN_UP = "✔", "▶", "·", "✘"


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
    if status.swaps:
        yield ""
        yield from (f"  {_swapped(swap)}" for swap in status.swaps)
    if status.move is not None:
        yield ""
        yield f"  {_moved(status.move)}"
    if status.history:
        yield ""
        yield from (
            f"  {e.time:%Y-%m-%d %H:%M:%S}  {e.reason}: {e.message}" for e in status.history
        )


def _swapped(swap: Swap) -> str:
    """What becomes of a swap in place."""
    mark = UNDER_WAY if swap.ended is None else PASSED
    until = "" if swap.ended is None else f", verified since {swap.ended:%H:%M:%S}"
    return f"{mark} {swap.satellite}: {swap.revision} in place since {swap.began:%H:%M:%S}{until}"


def _moved(move: CopyMove) -> str:
    """What becomes of a copy that moves for the sake of `keepInReach`, or has."""
    way = f"a copy from {move.from_satellite} to {move.to_satellite} since {move.started:%H:%M:%S}"
    if move.given_up:
        return f"{GIVEN_UP} {way}, given up: {move.given_up}"
    if move.ended is not None:
        return f"{PASSED} {way}, over since {move.ended:%H:%M:%S}"
    handed_over = move.handed_over
    serves = "" if handed_over is None else f", which serves since {handed_over:%H:%M:%S}"
    return f"{UNDER_WAY} {way}{serves}"


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
        if rollout.drift is not None and rollout.drift.step == index:
            yield f"       {_drifted(rollout.drift)}"
        if rollout.shadow is not None and rollout.shadow.step == index:
            yield f"       {_shadowed(rollout.shadow)}"


def _measured(metric: MetricStatus) -> str:
    """What was found of a metric."""
    last = "" if metric.last_value is None else f", last value {float(metric.last_value):.4g}"
    counts = f"successes {metric.successes}, failures {metric.failures}"
    return f"{metric.name}: {metric.verdict} ({counts}{last})"


def _compared(comparison: ComparisonStatus) -> str:
    """What was found of the comparison."""
    counts = f"requests {comparison.requests}, errors {comparison.errors}"
    return f"comparison: {comparison.verdict} (blocks {comparison.blocks}, {counts})"


def _drifted(drift: DriftStatus) -> str:
    """What was found of the candidate's drift."""
    found = (
        f"{each.feature.lower()} {'untold' if each.index is None else f'{each.index:.2f}'}"
        f" of {each.samples} samples"
        for each in drift.features
    )
    figures = ", ".join(found) or "nothing counted yet"
    return f"drift: {drift.verdict} ({figures})"


def _shadowed(shadow: ShadowStatus) -> str:
    """What was found of the candidate's answers."""
    counts = f"compared {shadow.compared}, agreed {shadow.agreed}, failed {shadow.failed}"
    return f"agreement: {shadow.verdict} ({counts}, left out {shadow.dropped})"


def _said(step: Step) -> str:
    """A step as its YAML has it, in one line."""
    ((kind, value),) = step.model_dump(mode="json", by_alias=True, exclude_none=True).items()
    if not isinstance(value, dict):
        return f"{kind}: {value}"
    if kind == "analysis":
        names = [metric["name"] for metric in value.get("metrics", ())]
        others = [name for name in ("golden", "comparison", "drift") if name in value]
        return f"{kind}: {', '.join([*others, *names])}"
    inner = ", ".join(f"{key}: {each}" for key, each in value.items()) or "until somebody says go"
    return f"{kind}: {inner}"
