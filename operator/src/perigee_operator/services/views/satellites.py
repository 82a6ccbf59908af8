"""Views of SatelliteNodes and of what is heard of them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from perigee_api import conditions, names
from perigee_api.heartbeat import Assignment
from perigee_api.satellite_node import SatelliteNodeSpec, SatelliteNodeStatus, TelemetryDays
from perigee_operator.domain.agents.agent import AgentView
from perigee_operator.domain.fleet import HeartbeatView, NodeView, SatelliteView
from perigee_operator.domain.liveness.phi import Rhythm
from perigee_operator.domain.liveness.plan_accuracy import PlanAccuracy
from perigee_operator.domain.liveness.unbroken import Run
from perigee_operator.domain.odd import table, text, whole
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.domain.writes import Json
from perigee_operator.services.views.common import annotations_of, identity, own_status, parsed
from perigee_operator.storage.heartbeats import Heartbeat

EPOCH: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SatelliteRecord:
    """A SatelliteNode as it stands in the API server."""

    name: str
    uid: str
    version: str
    generation: int
    node_name: str
    """The Node that it stands for."""
    spec: SatelliteNodeSpec | None
    spec_error: str | None
    status: SatelliteNodeStatus
    consented_epoch: int | None


def satellite_record(item: Json) -> SatelliteRecord:
    """A SatelliteNode, parsed.

    Raises:
        UnviewableError: nobody can tell which one it is.
    """
    own = identity(item)
    spec, error = parsed(SatelliteNodeSpec, item.get("spec"))
    return SatelliteRecord(
        name=own.name,
        uid=own.uid,
        version=own.version,
        generation=whole(table(item["metadata"]).get("generation")) or 0,
        node_name=text(table(item.get("spec")).get("nodeName")) or own.name,
        spec=spec,
        spec_error=error,
        status=own_status(SatelliteNodeStatus, item, conditions.OF_SATELLITES),
        consented_epoch=_epoch(annotations_of(item).get(names.LOST_CONSENT_ANNOTATION, "")),
    )


def satellite_view(  # noqa: PLR0913, PLR0917 - what a view consists of
    record: SatelliteRecord,
    node: NodeView | None,
    heartbeat: HeartbeatView | None,
    kubelet_arrived_at: datetime | None,
    run: Run | None,
    contacts: Contacts,
    rhythm: Rhythm,
    telemetry_days: TelemetryDays | None = None,
    plan_accuracy: PlanAccuracy | None = None,
    agent: AgentView | None = None,
) -> SatelliteView:
    """A SatelliteNode as the domain sees it, with what is heard and known of it."""
    return SatelliteView(
        name=record.name,
        uid=record.uid,
        version=record.version,
        generation=record.generation,
        spec=record.spec,
        spec_error=record.spec_error,
        status=record.status,
        consented_epoch=record.consented_epoch,
        node=node,
        heartbeat=heartbeat,
        kubelet_arrived_at=kubelet_arrived_at,
        heard_since=run.since if run else None,
        linked_since=run.linked_since if run else None,
        contacts=contacts,
        rhythm=rhythm,
        telemetry_days=telemetry_days,
        plan_accuracy=plan_accuracy,
        agent=agent,
    )


def _epoch(consent: str) -> int | None:
    return int(consent) if EPOCH.fullmatch(consent) else None


def heartbeat_view(heartbeat: Heartbeat) -> HeartbeatView:
    """A heartbeat as the domain sees it."""
    return HeartbeatView(
        arrived_at=heartbeat.arrived_at,
        previous_at=heartbeat.previous_at,
        lease_uid=heartbeat.lease_uid,
        report=heartbeat.report,
        report_error=heartbeat.report_error,
        assignment=_assignment(heartbeat.assignment_json),
        renewed_at=heartbeat.renewed_at,
    )


def _assignment(written: str | None) -> Assignment | None:
    """The assignment as it stands; None, so that it is written anew, where it is damaged."""
    if written is None:
        return None
    try:
        return Assignment.model_validate_json(written)
    except ValidationError:
        return None
