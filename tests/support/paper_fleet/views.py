"""Builders of what the domain decides on: all that a test does not name is unremarkable."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from paper_fleet.intents import START, digest_of, model_spec, satellite_spec
from perigee_api import names
from perigee_api.heartbeat import ArtifactReport, ArtifactState, Assignment, Report
from perigee_api.inference_model import InferenceModelSpec, InferenceModelStatus
from perigee_api.satellite_node import Orbit, SatelliteNodeSpec, SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.agents.agent import AgentView
from perigee_operator.domain.fleet import (
    Hearing,
    HeartbeatView,
    ModelView,
    NodeView,
    ObjectView,
    PodView,
    RevisionView,
    SatelliteView,
)
from perigee_operator.domain.kinds import CONTROLLER_REVISION, Kind
from perigee_operator.domain.liveness.ears import Ears
from perigee_operator.domain.liveness.phase import Assessment, assess
from perigee_operator.domain.liveness.phi import planned
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.domain.orbit.supplied import supplied_contacts
from perigee_operator.domain.orbit.window import Window
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.rollout.revision import known_revision, new_revision, revision_body
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.writes import ObjectKey

IMAGE = "edge:1"
ALWAYS = (Window(START - timedelta(days=2), None),)


def at(seconds: float) -> datetime:
    """So many seconds after `START`."""
    return START + timedelta(seconds=seconds)


def window(begins_s: float, ends_s: float | None, **more: Any) -> Window:
    """A contact, in seconds after `START`."""
    return Window(at(begins_s), None if ends_s is None else at(ends_s), **more)


def known(windows: Iterable[Window]) -> Contacts:
    """Contacts that are known for all the time that tests take."""
    in_order = tuple(sorted(windows, key=lambda each: each.start))
    return Contacts(in_order, START - timedelta(days=20), START + timedelta(days=20))


def contacts_of(orbit: Orbit) -> Contacts:
    """The contacts of an orbit that needs no propagation, for all the time that tests take."""
    return supplied_contacts(orbit, START - timedelta(days=2), START + timedelta(days=2))


def node(name: str = "sat-1", **more: Any) -> NodeView:
    """A Node that has joined as a satellite."""
    labels = {names.SATELLITE_LABEL: "true", names.SATELLITE_NODE_LABEL: name}
    given = {"labels": labels, "taints": frozenset(), "architecture": "arm64"}
    return NodeView(**{"name": name, "uid": f"uid-{name}", "ready": True, **given, **more})


def heartbeat(arrived_s: float = 0, **more: Any) -> HeartbeatView:
    """A heartbeat, so many seconds after `START`."""
    report = Report(sequence=1)
    given = {
        "arrived_at": at(arrived_s),
        "previous_at": None,
        "lease_uid": "lease",
        "report": report,
    }
    return HeartbeatView(**{**given, **more})


def hearing(observing_s: float | None = -10_000, until_s: float = 1e9) -> Hearing:
    """Others have been heard all the time, until then; times in seconds after `START`."""
    observing_since = None if observing_s is None else at(observing_s)
    return Hearing(observing_since, heard_since=at(-10_000), heard_until=at(until_s))


def assessed(
    view: SatelliteView,
    moment: float,
    ground: Hearing | None = None,
    others: Iterable[SatelliteView] = (),
) -> Assessment:
    """How a satellite looks, so many seconds after `START`, beside others in service."""
    ears = Ears((view, *others), at(moment))
    return assess(view, ground or hearing(), ears, at(moment))


def agent(
    on: str = "sat-1", revision: str = "new", since_s: float = -1000, **more: Any
) -> AgentView:
    """An agent that runs since so many seconds after `START`."""
    given = {
        "name": f"perigee-agent-{on}",
        "uid": f"uid-agent-{on}",
        "revision": revision,
        "ready": True,
        "deleting": False,
        "created_at": at(since_s),
        "changed_at": at(since_s),
    }
    return AgentView(**{**given, **more})


def satellite_view(
    name: str = "sat-1",
    *,
    spec: SatelliteNodeSpec | None = None,
    phase: SatellitePhase = SatellitePhase.IN_CONTACT,
    heard_s: float | None = 0,
    kubelet_s: float | None = None,
    **more: Any,
) -> SatelliteView:
    """A satellite; its agent and its kubelet were last heard so many seconds after `START`."""
    spec = spec or satellite_spec()
    given = {
        "uid": f"uid-{name}",
        "version": "1",
        "generation": 1,
        "spec": spec,
        "spec_error": None,
        "status": SatelliteNodeStatus(phase=phase),
        "consented_epoch": None,
        "node": node(name),
        "heartbeat": None if heard_s is None else heartbeat(heard_s),
        "kubelet_arrived_at": None if kubelet_s is None else at(kubelet_s),
        "heard_since": None,
        "contacts": contacts_of(spec.orbit),
        "rhythm": planned(spec.liveness.heartbeat_interval),
    }
    return SatelliteView(**{"name": name, **given, **more})


def satellite(
    name: str = "sat-1",
    *,
    phase: SatellitePhase = SatellitePhase.IN_CONTACT,
    holds: Iterable[int] = (),
    assigned: Iterable[int] = (),
    labels: Mapping[str, str] | None = None,
    **more: Any,
) -> Satellite:
    """A satellite as placement sees it; `holds` and `assigned` are numbers of artifacts."""
    own = node(name)
    given = {
        "node": replace(own, labels={**own.labels, **(labels or {})}),
        "phase": phase,
        "reachable": phase is SatellitePhase.IN_CONTACT,
        "settled": True,
        "leaving": phase is SatellitePhase.MAINTENANCE,
        "artifacts": {digest_of(n): ArtifactReport(state=ArtifactState.VERIFIED) for n in holds},
        "assigned": frozenset(map(digest_of, assigned)),
        "contacts": contacts_of(satellite_spec().orbit),
    }
    return Satellite(**{"name": name, **given, **more})


def by_node(*satellites: Satellite) -> dict[str, Satellite]:
    """As most of the domain takes them."""
    return {item.node.name: item for item in satellites}


def pod(
    name: str,
    revision: str,
    on: str | None,
    *,
    active: bool = False,
    in_contact: bool = False,
    **more: Any,
) -> PodView:
    """A verified Pod of the model ``m``."""
    labels = {names.MODEL_LABEL: "m", names.REVISION_LABEL: revision}
    labels |= {names.ACTIVE_LABEL: "true"} if active else {}
    labels |= {names.IN_CONTACT_LABEL: "true"} if in_contact else {}
    given = {
        "namespace": "default",
        "uid": f"uid-{name}",
        "model": "m",
        "revision": revision,
        "node": on,
        "labels": labels,
        "deletion_cost": None,
        "verified": True,
        "ready": True,
        "deleting": False,
        "created_at": START,
    }
    return PodView(**{"name": name, **given, **more})


def revision_of(spec: InferenceModelSpec) -> str:
    """Name of the revision that a spec asks for."""
    return new_revision(spec, IMAGE).name


def owned(kind: Kind, name: str, body: Mapping[str, Any] | None = None) -> ObjectView:
    """An object that belongs to the model ``m``."""
    return ObjectView(ObjectKey(kind, name, "default"), f"uid-{name}", body or {})


def revision_view(
    spec: InferenceModelSpec, number: int = 1, *, promoted: bool = False
) -> RevisionView:
    """A spec's ControllerRevision."""
    name = revision_of(spec)
    return RevisionView(
        name=name,
        spec=revision_body(spec),
        image=IMAGE,
        number=number,
        promoted=promoted,
        object=owned(CONTROLLER_REVISION, names.workload_name("m", name)),
    )


def model_view(
    spec: InferenceModelSpec | None = None, *, stable: str | None = None, **more: Any
) -> ModelView:
    """The model ``m``."""
    given = {
        "name": "m",
        "namespace": "default",
        "uid": "uid-m",
        "version": "1",
        "generation": 1,
        "deleting": False,
        "spec": spec or model_spec(),
        "spec_error": None,
        "status": InferenceModelStatus(stable_revision=stable),
    }
    return ModelView(**{**given, **more})


def situation(model: ModelView, *satellites: Satellite) -> Situation:
    """A model and the satellites that it may run on: all that are usable."""
    assert model.spec is not None
    asked = new_revision(model.spec, IMAGE)
    known = {view.name: known_revision(view) for view in model.revisions}
    usable = tuple(item for item in satellites if item.usable)
    revisions, found = {asked.name: asked} | known, by_node(*satellites)
    return Situation(model, model.spec, revisions, found, usable, Directory(found), START)


def assignment(*numbers: int, interval_s: float = 10, epoch: int = 0) -> Assignment:
    """What a satellite was told to keep."""
    artifacts = model_artifacts(*numbers)
    return Assignment(epoch=epoch, heartbeat_interval_s=interval_s, artifacts=artifacts)


def model_artifacts(*numbers: int) -> tuple[Any, ...]:
    """Artifacts as they are assigned."""
    specs = (model_spec(artifact_number=number) for number in numbers)
    return tuple(a for spec in specs for a in new_revision(spec, IMAGE).artifacts)
