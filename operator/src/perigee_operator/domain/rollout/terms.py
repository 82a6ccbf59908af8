"""On what terms a model's rollouts go: its own, and those of the RolloutPolicy that it names."""

from dataclasses import dataclass

from perigee_api.analysis import AnalysisMetric
from perigee_api.inference_model import (
    Analysis,
    InferenceModelSpec,
    Rollout,
    RolloutStatus,
    Step,
    Wave,
)
from perigee_api.rollout_policy import RolloutPolicySpec
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.fleet import ModelView, PolicyView
from perigee_operator.domain.rollout.comparison_terms import recalled as recalled_comparison
from perigee_operator.domain.rollout.drift_terms import recalled as recalled_drift
from perigee_operator.domain.rollout.metrics import metrics_fault, recalled
from perigee_operator.domain.rollout.shadow_terms import recalled as recalled_shadow
from perigee_operator.domain.rollout.windows import FREE, NonsenseError, Timing, timing


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a model's rollouts."""

    spec: InferenceModelSpec
    """The model's, in whose `rollout` the policy's fields stand where it says nothing itself."""
    resolved: Verdict | None = None
    """Whether the policy can be followed; None where the model names none."""
    timing: Timing = FREE
    """When anything may be started."""
    invalid: str | None = None
    """What in the model itself makes no sense."""

    @property
    def fault(self) -> str | None:
        """Why nobody can say how the rollout goes on."""
        return None if self.resolved is None or self.resolved.holds else self.resolved.message


def terms_of(model: ModelView, spec: InferenceModelSpec) -> Terms:
    """The terms of a model with that spec.

    Without its policy nobody knows the steps: the ones given then leave a rollout where it is.
    """
    own, verdict, invalid = spec.rollout, None, _nonsense(spec.rollout)
    if own.policy is not None:
        verdict = _resolved(own.policy, model.policy, spec)
        if model.policy is None or model.policy.spec is None or not verdict.holds:
            rollout = own.model_copy(update={"steps": _as_it_stands(model.status.rollout)})
        else:
            rollout = _combined(own, model.policy.spec)
        spec = spec.model_copy(update={"rollout": rollout})
    return Terms(spec, verdict, FREE if invalid else timing(spec.rollout), invalid)


def _nonsense(own: Rollout) -> str | None:
    try:
        timing(own)
    except NonsenseError as error:
        return f"rollout.{error}"
    return None


def _combined(own: Rollout, said: RolloutPolicySpec) -> Rollout:
    fields = {
        "steps": own.steps or said.steps,
        "deadline": said.deadline if own.deadline is None else own.deadline,
        "max_unreachable": own.max_unreachable or said.max_unreachable,
        "strategy": own.strategy or said.strategy,
        "max_unavailable": own.max_unavailable or said.max_unavailable,
        "windows": said.windows if own.windows is None else own.windows,
        "blackouts": [*own.blackouts, *said.blackouts],
        "not_before": own.not_before or said.not_before,
        "only_in_contact": said.only_in_contact
        if own.only_in_contact is None
        else own.only_in_contact,
        "prefetch": said.prefetch if own.prefetch is None else own.prefetch,
        "at_window_end": own.at_window_end or said.at_window_end,
    }
    return own.model_copy(update=fields)


def _resolved(name: str, policy: PolicyView | None, spec: InferenceModelSpec) -> Verdict:
    if policy is None:
        return Verdict(holds=False, reason="NotFound", message=f"there is no RolloutPolicy {name}")
    if policy.spec is None:
        message = f"RolloutPolicy {name} is not valid: {policy.spec_error}"
        return Verdict(holds=False, reason="Invalid", message=message)
    try:
        timing(policy.spec)
    except NonsenseError as error:
        message = f"RolloutPolicy {name} is not valid: {error}"
        return Verdict(holds=False, reason="Invalid", message=message)
    if (fault := metrics_fault(policy.spec.steps)) is not None:
        message = f"RolloutPolicy {name} is not valid: {fault}"
        return Verdict(holds=False, reason="Invalid", message=message)
    if spec.golden is None and any(map(_wants_golden_set, policy.spec.steps)):
        message = f"RolloutPolicy {name} analyses by golden sets, and spec.golden is not given"
        return Verdict(holds=False, reason="GoldenSetMissing", message=message)
    return Verdict(holds=True, reason="Found")


def _wants_golden_set(step: Step) -> bool:
    """Whether a step judges by one, or by its metric."""
    analysis = step.analysis
    by_golden_set = analysis is not None and bool(analysis.golden or analysis.drift)
    return by_golden_set or step.shadow is not None


def _as_it_stands(status: RolloutStatus | None) -> list[Step]:
    """All that match may run the candidate, of whom no new one is taken in; the weight stays.

    The metrics are those that are measured, as far as the status knows them, and so with the
    comparison, the drift and the shadow.
    """
    if status is None:
        return []
    metrics: dict[int, list[AnalysisMetric]] = {}
    for kept in status.analysis:
        if (metric := recalled(kept)) is not None:
            metrics.setdefault(kept.step, []).append(metric)
    analyses = {index: Analysis(metrics=found) for index, found in metrics.items()}
    compared = status.comparison
    if compared is not None and (comparison := recalled_comparison(compared)) is not None:
        beside = metrics.get(compared.step)
        analyses[compared.step] = Analysis(metrics=beside, comparison=comparison)
    drifted = status.drift
    if drifted is not None and (drift := recalled_drift(drifted)) is not None:
        beside_it = analyses.get(drifted.step) or Analysis()
        analyses[drifted.step] = beside_it.model_copy(update={"drift": drift})
    shadowed = status.shadow
    shadows = {} if shadowed is None else {shadowed.step: recalled_shadow(shadowed)}
    first = Step(wave=Wave(), weight=status.weight, analysis=analyses.get(0), shadow=shadows.get(0))
    last = max((status.step, *analyses, *shadows))
    rest = range(1, last + 1)
    return [first, *(Step(analysis=analyses.get(n), shadow=shadows.get(n)) for n in rest)]
