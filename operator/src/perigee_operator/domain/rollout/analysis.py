"""What a rollout's metrics say: kept in its status, and decided by what is kept."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from perigee_api.analysis import MetricStatus
from perigee_api.inference_model import RolloutStatus
from perigee_operator.domain.analysis.finding import Decision, Finding, decided
from perigee_operator.domain.analysis.metric_finding import metric_finding
from perigee_operator.domain.analysis.metric_key import MetricKey
from perigee_operator.domain.analysis.record import Record
from perigee_operator.domain.analysis.verdict import Action, Verdict
from perigee_operator.domain.rollout.evidence import Evidence
from perigee_operator.domain.rollout.metric_status import (
    begun,
    is_news,
    key_of,
    record_of,
    status_of,
    with_terms,
)
from perigee_operator.domain.rollout.metrics import Definition, defined, metrics_of
from perigee_operator.domain.rollout.progress import StepVerdict
from perigee_operator.domain.rollout.wave import Stage

Findings = tuple[tuple[int, Finding], ...]


def kept_up(  # noqa: PLR0913 - what it depends on
    status: RolloutStatus,
    stage: Stage,
    fresh: Mapping[MetricKey, Record],
    *,
    ready: bool,
    now: datetime,
    by_policy: bool = False,
) -> RolloutStatus:
    """The status with what was measured.

    Args:
        status: of the rollout.
        stage: how far it has come.
        fresh: what was measured by now.
        ready: the candidate is verified in its wave: the step's own metrics may begin.
        now: the moment.
        by_policy: the steps are a policy's, which may go: the status has to know the metrics.
    """
    known = {(kept.step, kept.name): kept for kept in status.analysis}
    entries: list[MetricStatus] = []
    for index, written in _written(stage):
        kept, terms = known.get((index, written.name)), written.terms if by_policy else ""
        if kept is not None and kept.definition == written.digest:
            entries.append(with_terms(_renewed(kept, written, fresh), terms))
        elif ready and (kept is not None or index == stage.index):
            entries.append(with_terms(begun(index, written, now), terms))
        elif kept is not None:
            entries.append(kept)  # It was changed, and begins anew once the wave is verified.
    return _with_entries(status, entries)


def watched_on(
    status: RolloutStatus, stage: Stage, fresh: Mapping[MetricKey, Record]
) -> RolloutStatus:
    """The status with what was measured, where nobody knows the steps: none begins or ends."""
    known = {(index, written.name, written.digest): written for index, written in _written(stage)}
    found = ((kept, known.get((kept.step, kept.name, kept.definition))) for kept in status.analysis)
    entries = [_renewed(kept, written, fresh) if written else kept for kept, written in found]
    return _with_entries(status, entries)


def findings(status: RolloutStatus, stage: Stage, now: datetime) -> Findings:
    """What was found of the metrics that are measured, with the index of their step."""
    known = {(kept.step, kept.name): kept for kept in status.analysis}
    return tuple(
        (index, metric_finding(written.metric, record_of(kept), now))
        for index, written in _written(stage)
        if (kept := known.get((index, written.name))) is not None
        and kept.definition == written.digest
    )


def failed(found: Findings, stage: Stage) -> Evidence | None:
    """Why the candidate is to be given up by its metrics.

    Those of the step under way decide in full; those of steps before are watched for failure.
    """
    decision = decided(
        finding for step, finding in found if step == stage.index or finding.verdict is Verdict.FAIL
    )
    if decision.action is not Action.ABORT:
        return None
    return Evidence("AnalysisFailed", decision.message)


def metrics_verdict(found: Findings, stage: Stage) -> StepVerdict | None:
    """Whether the metrics of the step under way let it pass; None where it has none."""
    own = [finding for step, finding in found if step == stage.index]
    if not own:
        return None
    decision = decided(own)
    return StepVerdict(
        passed=decision.action is Action.ADVANCE,
        message=decision.message.removesuffix("."),
        stands_still=_waits_for_source(decision),
        next_change_s=decision.next_change_s,
    )


def _waits_for_source(decision: Decision) -> bool:
    """Nothing goes on until somebody asks the candidate, or mends the source."""
    silent = {Verdict.NO_DATA, Verdict.SOURCE_DOWN, Verdict.INCONCLUSIVE}
    return all(each.verdict in silent for each in decision.because)


def _with_entries(status: RolloutStatus, entries: list[MetricStatus]) -> RolloutStatus:
    if entries == status.analysis:
        return status
    return status.model_copy(update={"analysis": entries})


def _renewed(
    kept: MetricStatus, written: Definition, fresh: Mapping[MetricKey, Record]
) -> MetricStatus:
    key = key_of(kept)
    record = fresh.get(key)
    if record is None or not is_news(written.metric, record_of(kept), record):
        return kept
    return with_terms(status_of(key, written.metric, record), kept.terms)


def _written(stage: Stage) -> Iterator[tuple[int, Definition]]:
    """The metrics of the step under way and of those before, with their step."""
    for index, step in enumerate(stage.steps[: stage.index + 1]):
        for written in metrics_of(step):
            yield index, defined(written)
