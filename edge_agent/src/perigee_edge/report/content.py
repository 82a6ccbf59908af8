"""What a heartbeat says, within the size it may have. Pure."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from perigee_api.heartbeat import (
    MAX_REPORT_BYTES,
    MAX_ROLLED_BACK,
    ArtifactReport,
    Report,
    RolledBack,
    Telemetry,
)
from perigee_api.served import MAX_SERVED, MAX_SERVED_BYTES, ServedBlock

_MAX_ARTIFACTS: Final = 64
_AROUND_SERVED: Final = len(',"served":[]')


def encode(report: Report) -> str:
    """The report as it stands in the Lease's annotation: compact JSON."""
    return report.model_dump_json(by_alias=True, exclude_none=True)


def build_report(  # noqa: PLR0913 - what a report says
    *,
    sequence: int,
    epoch: int,
    heartbeat_interval_s: float,
    artifacts: Mapping[str, ArtifactReport],
    assigned: Collection[str],
    telemetry: Telemetry,
    rolled_back: Sequence[RolledBack] = (),
    served: Sequence[ServedBlock] = (),
) -> Report:
    """Put a report together that is not larger than `MAX_REPORT_BYTES`.

    What does not fit is left out: what was counted first, since it can wait; artifacts that are not
    assigned, then the sentences that say why something failed (the reason's name stays), then the
    least urgent artifacts.

    Args:
        sequence: Counts heartbeats.
        epoch: Of the assignment that the agent acts on.
        heartbeat_interval_s: What the agent keeps to.
        artifacts: States by digest, most urgent first.
        assigned: The digests that the assignment names.
        telemetry: What was measured.
        rolled_back: Pods that have gone back on board.
        served: What was counted, the oldest first.
    """
    wanted = {sha256: one for sha256, one in artifacts.items() if sha256 in assigned}
    terse = {sha256: one.model_copy(update={"message": None}) for sha256, one in wanted.items()}

    gone_back = _first(rolled_back)

    def report(shown: Mapping[str, ArtifactReport]) -> Report:
        first = dict(list(shown.items())[:_MAX_ARTIFACTS])
        return Report(
            sequence=sequence,
            epoch=epoch,
            heartbeat_interval_s=heartbeat_interval_s,
            artifacts=first,
            rolled_back=gone_back or None,
            telemetry=telemetry,
        )

    others = [sha256 for sha256 in artifacts if sha256 not in assigned]
    candidates = [
        *({**wanted, **_pick(artifacts, others[:count])} for count in range(len(others), -1, -1)),
        *(dict(list(terse.items())[:count]) for count in range(len(terse), 0, -1)),
    ]
    fitting = (one for one in map(report, candidates) if _fits(one))
    return _with_served(next(fitting, report({})), served)


def _with_served(report: Report, served: Sequence[ServedBlock]) -> Report:
    """With as many blocks as there is room for beside the rest."""
    room = min(MAX_SERVED_BYTES, MAX_REPORT_BYTES - len(encode(report).encode()) - _AROUND_SERVED)
    sizes = [len(block.model_dump_json(by_alias=True, exclude_none=True)) + 1 for block in served]
    within = sum(total <= room for total in itertools.accumulate(sizes))
    told = tuple(served[: min(within, MAX_SERVED)])
    return report.model_copy(update={"served": told}) if told else report


def _first(rolled_back: Sequence[RolledBack]) -> tuple[RolledBack, ...]:
    """As many as leave half of the report to the rest."""
    sizes = [len(one.model_dump_json(by_alias=True).encode()) + 1 for one in rolled_back]
    within = sum(total <= MAX_REPORT_BYTES // 2 for total in itertools.accumulate(sizes))
    return tuple(rolled_back[: min(within, MAX_ROLLED_BACK)])


def _pick(
    artifacts: Mapping[str, ArtifactReport], names: Collection[str]
) -> dict[str, ArtifactReport]:
    return {sha256: artifacts[sha256] for sha256 in names}


def _fits(report: Report) -> bool:
    return len(encode(report).encode()) <= MAX_REPORT_BYTES
