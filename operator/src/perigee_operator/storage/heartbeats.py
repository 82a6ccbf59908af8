"""From renewed Leases to signs of life: who was heard of, when, and what it said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from perigee_api import names
from perigee_api.heartbeat import MAX_REPORT_BYTES, Report
from perigee_operator.domain.liveness.unbroken import Run
from perigee_operator.domain.odd import rows, table
from perigee_operator.domain.writes import Json
from perigee_operator.storage.cache import Change, Origin

MAX_ERROR_CHARACTERS: Final = 300

LONGEST_BREAK: Final = timedelta(seconds=15)
"""Between two signs of life, whosever, until the ground no longer counts as hearing."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last that was heard of a satellite's agent."""

    node: str
    """The Node: the Lease's name."""
    lease_uid: str
    arrived_at: datetime
    """When it reached the ground, on the ground's clock, UTC."""
    previous_at: datetime | None
    """When the one before did; None if none was seen."""
    renewed_at: datetime | None
    """When it was sent, on the satellite's clock, UTC; None where the Lease does not say."""
    report: Report | None
    """None where there is none, or none that can be read."""
    report_error: str | None
    """Why the report cannot be read."""
    assignment_json: str | None
    """The assignment on the Lease, as the operator wrote it."""


@dataclass(frozen=True, slots=True)
class _Signal:
    """What changes with a sign of life, and nothing else."""

    lease_uid: str
    renew_time: str | None
    report_json: str | None


class HeartbeatFeed:
    """Signs of life from the Leases of agents and of kubelets, the latest of each Node.

    Args:
        now: the ground's clock, UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._signals: dict[str, _Signal] = {}
        self._heartbeats: dict[str, Heartbeat] = {}
        self._kubelet_signals: dict[str, _Signal] = {}
        self._kubelets: dict[str, datetime] = {}
        self._runs: dict[str, Run] = {}
        self._heard_since: datetime | None = None
        self._heard_until: datetime | None = None

    @property
    def heard_since(self) -> datetime | None:
        """Since when one satellite or another was heard without a long break."""
        return self._heard_since

    @property
    def heard_until(self) -> datetime | None:
        """When any satellite was heard last."""
        return self._heard_until

    @property
    def heartbeats(self) -> Mapping[str, Heartbeat]:
        """By Node: the last heartbeat of its agent, from ``perigee-heartbeats``."""
        return MappingProxyType(self._heartbeats)

    @property
    def kubelet_arrivals(self) -> Mapping[str, datetime]:
        """By Node: when its kubelet was last heard of, from ``kube-node-lease``."""
        return MappingProxyType(self._kubelets)

    @property
    def runs(self) -> Mapping[str, Run]:
        """By Node: signs of life of its agent and its kubelet since the last long pause."""
        return MappingProxyType(self._runs)

    def take_agent_lease(self, change: Change) -> bool:
        """Takes note of a change of a Lease in ``perigee-heartbeats``.

        Returns:
            Whether anything that `heartbeats` shows is different now.
        """
        lease = change.object
        node = lease["metadata"]["name"]
        known = self._heartbeats.get(node)
        signal = _signal(lease)
        if change.removed or signal is None:
            self._signals.pop(node, None)
            self._runs.pop(node, None)
            return self._heartbeats.pop(node, None) is not None
        if known is not None and signal == self._signals.get(node):
            assignment_json = _annotation(lease, names.ASSIGNMENT_ANNOTATION)
            if assignment_json != known.assignment_json:
                self._heartbeats[node] = replace(known, assignment_json=assignment_json)
        else:
            previous_at = None if known is None else known.arrived_at
            arrived_at = _arrival(change, self._now(), previous_at)
            self._heartbeats[node] = _heartbeat(lease, signal, arrived_at, previous_at)
            self._note_sign(node, arrived_at)
            if known is None and node in self._kubelets:
                # Of its kubelet was heard first, when nobody knew it to be a satellite's.
                self._note_sign(node, self._kubelets[node])
        self._signals[node] = signal
        return self._heartbeats[node] != known

    def take_kubelet_lease(self, change: Change) -> None:
        """Takes note of a change of a Lease in ``kube-node-lease``."""
        node = change.object["metadata"]["name"]
        signal = _signal(change.object)
        if change.removed or signal is None:
            self._kubelet_signals.pop(node, None)
            self._kubelets.pop(node, None)
        elif signal != self._kubelet_signals.get(node):
            self._kubelets[node] = _arrival(change, self._now(), self._kubelets.get(node))
            self._kubelet_signals[node] = signal
            if node in self._heartbeats:  # Nodes on the ground are always heard.
                self._note_sign(node, self._kubelets[node])

    def _note_sign(self, node: str, at: datetime) -> None:
        run = self._runs.get(node)
        self._runs[node] = Run.begun(at) if run is None else run.with_sign(at)
        if self._heard_until is None or at - self._heard_until > LONGEST_BREAK:
            self._heard_since = at
        self._heard_until = at if self._heard_until is None else max(at, self._heard_until)


def _signal(lease: Json) -> _Signal | None:
    """None for a Lease that nobody has renewed yet."""
    renew_time = _string(table(lease.get("spec")).get("renewTime"))
    report_json = _annotation(lease, names.REPORT_ANNOTATION)
    if renew_time is None and report_json is None:
        return None
    return _Signal(lease["metadata"]["uid"], renew_time, report_json)


def _heartbeat(
    lease: Json, signal: _Signal, arrived_at: datetime, previous_at: datetime | None
) -> Heartbeat:
    report, report_error = parse_report(signal.report_json)
    return Heartbeat(
        node=lease["metadata"]["name"],
        lease_uid=signal.lease_uid,
        arrived_at=arrived_at,
        previous_at=previous_at,
        renewed_at=parse_time(signal.renew_time),
        report=report,
        report_error=report_error,
        assignment_json=_annotation(lease, names.ASSIGNMENT_ANNOTATION),
    )


def _arrival(change: Change, now: datetime, previous: datetime | None) -> datetime:
    """When the renewal that a change shows reached the ground.

    What a watch shows happens now. What a listing shows happened some time before, and the API
    server wrote down when: the time of the field manager that set ``spec.renewTime`` moves with
    every renewal.
    """
    if change.origin is Origin.STREAMED:
        return now
    written = renewal_written_at(change.object)
    if written is None:
        return now
    return min(now, written if previous is None else max(previous, written))


def renewal_written_at(lease: Json) -> datetime | None:
    """When the API server took the last write of ``spec.renewTime``, to the second, UTC."""
    times = [
        parse_time(entry.get("time"))
        for entry in rows(lease["metadata"].get("managedFields"))
        if "f:renewTime" in table(table(entry.get("fieldsV1")).get("f:spec"))
    ]
    return max((time for time in times if time is not None), default=None)


def parse_report(text: str | None) -> tuple[Report | None, str | None]:
    """The report in an annotation, or why it cannot be read; neither where there is none."""
    if text is None:
        return None, None
    size = len(text.encode())
    if size > MAX_REPORT_BYTES:
        return None, f"the report has {size} bytes, more than {MAX_REPORT_BYTES}"
    try:
        return Report.model_validate_json(text), None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the report"
        return None, f"{where}: {first['msg']}"[:MAX_ERROR_CHARACTERS]


def parse_time(text: Any) -> datetime | None:
    """A Kubernetes Time or MicroTime; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _annotation(lease: Json, name: str) -> str | None:
    return _string(table(lease["metadata"].get("annotations")).get(name))


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None
