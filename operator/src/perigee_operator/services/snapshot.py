"""The fleet at one moment, from the caches."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from perigee_operator.domain import kinds
from perigee_operator.domain.discovery import strays
from perigee_operator.domain.fleet import (
    ActionView,
    Hearing,
    ModelView,
    NodeView,
    PolicyView,
    Settings,
    Snapshot,
    model_key,
)
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.memory import Last
from perigee_operator.domain.orbit.contacts import Contacts
from perigee_operator.domain.writes import Json
from perigee_operator.services.agents import AgentBook
from perigee_operator.services.comparison_book import ComparisonBook
from perigee_operator.services.drift_book import DriftBook
from perigee_operator.services.satellite_books import SatelliteBooks
from perigee_operator.services.satellite_views import Register, SatelliteViews
from perigee_operator.services.served_book import ServedBook
from perigee_operator.services.shadow_book import ShadowBook
from perigee_operator.services.sources import ContactSource, MeasurementSource, Observed
from perigee_operator.services.views.actions import action_view
from perigee_operator.services.views.common import Views
from perigee_operator.services.views.kept import Kept
from perigee_operator.services.views.models import (
    Belongings,
    ModelRecord,
    Owned,
    model_record,
    model_view,
    object_view,
    owned,
    revision_view,
)
from perigee_operator.services.views.nodes import node_view
from perigee_operator.services.views.pods import pod_view
from perigee_operator.services.views.policies import policy_view
from perigee_operator.services.views.satellites import satellite_record
from perigee_operator.services.views.stations import station_view

V = TypeVar("V")

_OF_MODELS = (
    kinds.INFERENCE_MODEL,
    kinds.ROLLOUT_POLICY,
    kinds.POD,
    kinds.SERVICE,
    kinds.REPLICA_SET,
    kinds.DAEMON_SET,
    kinds.CONTROLLER_REVISION,
    kinds.ROLLOUT_ACTION,
)
"""What the views of models are made from."""


class Photographer:
    """Takes snapshots of the fleet.

    Args:
        fleet: the caches.
        contacts: knows when satellites are in contact.
        settings: what holds for the whole fleet.
        served: is told what was answered on board.
        measurements: what metrics say; None: nobody measures.
        heard_outside: called for each heartbeat that comes outside of predicted contact.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a snapshot is taken of
        self,
        fleet: Observed,
        contacts: ContactSource,
        settings: Settings,
        served: ServedBook,
        measurements: MeasurementSource | None = None,
        heard_outside: Callable[[], None] = lambda: None,
    ) -> None:
        self._fleet = fleet
        self._contacts = contacts
        self._measurements = measurements
        self._served = served
        self._comparisons = ComparisonBook()
        self._shadows = ShadowBook()
        self._drifts = DriftBook()
        self._agents = AgentBook(fleet)
        self._satellite_views = SatelliteViews(fleet.feed, SatelliteBooks(heard_outside, served))
        self._register = Last[Register]()
        self._nodes_by_name = Last[Mapping[str, NodeView]]()
        self._model_views = Kept[ModelView]()
        self._all_models = Kept[tuple[ModelView, ...]]()
        self._settings = settings
        self._nodes = Views(kinds.NODE, node_view)
        self._pods = Views(kinds.POD, pod_view)
        self._satellite_records = Views(kinds.SATELLITE_NODE, satellite_record)
        self._stations = Views(kinds.GROUND_STATION, station_view)
        self._model_records = Views(kinds.INFERENCE_MODEL, model_record)
        self._actions = Views(kinds.ROLLOUT_ACTION, action_view)
        self._policies = Views(kinds.ROLLOUT_POLICY, policy_view)
        self._services = _owned(kinds.SERVICE, object_view)
        self._workloads = tuple(
            _owned(kind, object_view) for kind in (kinds.REPLICA_SET, kinds.DAEMON_SET)
        )
        self._revisions = _owned(kinds.CONTROLLER_REVISION, revision_view)

    def snapshot(self, names_taken: Mapping[str, str] = MappingProxyType({})) -> Snapshot:
        """The fleet as it is known now.

        Args:
            names_taken: by model's key, what of it somebody else's object stands in the way of;
                another mapping, if it says anything else than before.
        """
        viewed = self._nodes.of(self._fleet.values(kinds.NODE))
        nodes = self._nodes_by_name.of((viewed,), lambda: {view.name: view for view in viewed})
        seen = self._models(names_taken)
        agents = self._agents.look()
        known = self._satellite_records.of(self._fleet.values(kinds.SATELLITE_NODE))
        register = self._register.of((known,), partial(Register, known))
        contacts = self._contacts_of(register, seen)
        satellites = self._satellite_views.of(register, nodes, contacts, agents)
        models = self._judged(seen)
        others = [nodes[name] for name in sorted(nodes.keys() - register.taken)]
        return Snapshot(
            settings=self._settings,
            hearing=self._hearing(),
            satellites=satellites,
            models=models,
            lone_actions=self._lone_actions(models),
            strays=strays(others, models),
            agents=agents,
        )

    def _hearing(self) -> Hearing:
        feed = self._fleet.feed
        return Hearing(self._fleet.observing_since, feed.heard_since, feed.heard_until)

    def _contacts_of(
        self, register: Register, models: Iterable[ModelView]
    ) -> Mapping[str, Contacts]:
        stations = self._stations.of(self._fleet.values(kinds.GROUND_STATION))
        return self._contacts.of(register.records, stations, _counting_since(models))

    def _models(self, names_taken: Mapping[str, str]) -> tuple[ModelView, ...]:
        self._all_models.begin()
        grounds = (names_taken, *map(self._fleet.values, _OF_MODELS))
        return self._all_models.of("", lambda *_: tuple(self._viewed_models(names_taken)), *grounds)

    def _judged(self, models: tuple[ModelView, ...]) -> tuple[ModelView, ...]:
        """The models with what was measured and compared; all others stay the same views."""
        measured = self._measurements.of(models) if self._measurements else {}
        served = self._served.settle(models)
        compared = self._comparisons.of(models, served)
        shadowed = self._shadows.of(models, served)
        drifted = self._drifts.of(models, served)
        judged = measured.keys() | compared.keys() | shadowed.keys() | drifted.keys()
        if not judged:
            return models
        return tuple(
            replace(
                model,
                measured=measured.get(model.uid, {}),
                compared=compared.get(model.uid),
                shadowed=shadowed.get(model.uid),
                drifted=drifted.get(model.uid),
            )
            if model.uid in judged
            else model
            for model in models
        )

    def _viewed_models(self, names_taken: Mapping[str, str]) -> Iterable[ModelView]:
        known = self._model_records.of(self._fleet.values(kinds.INFERENCE_MODEL))
        records = sorted(known, key=_name)
        belongings = {record.uid: Belongings() for record in records}
        self._sort_out(belongings)
        by_name = {(record.namespace, record.name): belongings[record.uid] for record in records}
        # A Pod is owned by its ReplicaSet or DaemonSet: it finds its model by name.
        for pod in self._pods.of(self._fleet.values(kinds.POD)):
            owner = by_name.get((pod.namespace, pod.model))
            if owner is not None:
                owner.pods.append(pod)
        for action in self._actions.of(self._fleet.values(kinds.ROLLOUT_ACTION)):
            owner = by_name.get((action.namespace, action.spec.model)) if action.spec else None
            if owner is not None:
                owner.actions.append(action)
        policies = {p.name: p for p in self._policies.of(self._fleet.values(kinds.ROLLOUT_POLICY))}
        self._model_views.begin()
        for record in records:
            its = belongings[record.uid].in_order()
            taken = names_taken.get(model_key(record.namespace, record.name))
            policy = policies.get(record.policy)
            grounds = (record, taken, policy, *its.workloads.values(), *its.services.values())
            make = partial(_model_view, record, its, policy, taken)
            yield self._model_views.of(
                record.uid, make, *grounds, *its.revisions, *its.pods, *its.actions
            )

    def _lone_actions(self, models: Iterable[ModelView]) -> tuple[ActionView, ...]:
        actions = self._actions.of(self._fleet.values(kinds.ROLLOUT_ACTION))
        present = {uid for model in models for uid in (a.uid for a in model.actions)}
        return tuple(action for action in actions if action.uid not in present)

    def _sort_out(self, belongings: Mapping[str, Belongings]) -> None:
        """Gives each model, by its uid, what it owns."""
        for workloads in self._workloads:
            for own in workloads.of(self._fleet.values(workloads.kind)):
                if own.revision is not None and own.owner_uid in belongings:
                    belongings[own.owner_uid].workloads[own.revision] = own.view
        for service in self._services.of(self._fleet.values(kinds.SERVICE)):
            if service.owner_uid in belongings:
                belongings[service.owner_uid].services[service.view.key.name] = service.view
        for kept in self._revisions.of(self._fleet.values(kinds.CONTROLLER_REVISION)):
            if kept.owner_uid in belongings:
                belongings[kept.owner_uid].revisions.append(kept.view)


def _owned(kind: Kind, view: Callable[[Kind, Json], V]) -> Views[Owned[V]]:
    return Views(kind, partial(owned, partial(view, kind)))


def _model_view(
    record: ModelRecord,
    its: Belongings,
    policy: PolicyView | None,
    taken: str | None,
    *_: object,
) -> ModelView:
    return model_view(record, its, policy, taken)


def _counting_since(models: Iterable[ModelView]) -> datetime | None:
    """Since when rollouts count the contact of their satellites."""
    rollouts = (model.status.rollout for model in models)
    return min((rollout.step_started for rollout in rollouts if rollout), default=None)


def _name(record: ModelRecord) -> tuple[str, str]:
    return record.namespace, record.name
