"""Whatever JSON somebody writes into an object: views leave it out or make do."""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import START, model_body, model_spec
from paper_fleet.views import IMAGE, at
from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.odd import UnviewableError
from perigee_operator.domain.plan import plan
from perigee_operator.domain.rollout.revision import revision_body
from perigee_operator.domain.writes import Json
from perigee_operator.services.contacts.book import ContactBook
from perigee_operator.services.served_book import ServedBook
from perigee_operator.services.snapshot import Photographer
from perigee_operator.services.views.agents import (
    agent_pod,
    agent_revision,
    agent_set_record,
    node_images,
)
from perigee_operator.services.views.models import (
    model_record,
    object_view,
    owned,
    revision_view,
)
from perigee_operator.services.views.nodes import node_view
from perigee_operator.services.views.pods import pod_view
from perigee_operator.services.views.satellites import satellite_record
from perigee_operator.storage.agents import slim_pod
from perigee_operator.storage.heartbeats import HeartbeatFeed

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)

SOUND: dict[str, Any] = {
    "metadata": {
        "name": "m",
        "namespace": "default",
        "uid": "u",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "2026-03-01T12:00:00Z",
        "labels": {names.MODEL_LABEL: "m", names.REVISION_LABEL: "r"},
        "annotations": {},
        "ownerReferences": [
            {"kind": "InferenceModel", "uid": "u"},
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "uid": "w", "controller": True},
        ],
    },
    "spec": {"nodeName": "n", "taints": [{"key": "k", "effect": "NoExecute"}]},
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {
                "ready": False,
                "restartCount": 3,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": ""}},
                "lastState": {"terminated": {"reason": "Error", "exitCode": 1, "message": "{}"}},
            }
        ],
    },
    "data": {"spec": revision_body(model_spec()), "image": IMAGE},
    "revision": 1,
}


@st.composite
def spoilt(draw: st.DrawFn, value: Any = SOUND) -> Any:
    """Something sound, in which one part is anything at all, or nothing."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value)))
        part = draw(spoilt(value[key]))
        return {name: part if name == key else one for name, one in value.items()}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        return [draw(spoilt(value[0]))]
    return draw(ODD)


def table_of(value: Any) -> dict[str, Any]:
    """An object of the API server is at least a JSON object."""
    return value if isinstance(value, dict) else {"metadata": value}


VIEWS: tuple[Callable[[Json], object], ...] = (
    node_view,
    pod_view,
    partial(owned, partial(object_view, kinds.SERVICE)),
    lambda item: object_view(kinds.SERVICE, item),
    lambda item: revision_view(kinds.CONTROLLER_REVISION, item),
    model_record,
    satellite_record,
    slim_pod,
    lambda item: agent_pod(slim_pod(item)),
    agent_revision,
    agent_set_record,
    lambda item: node_images(frozenset({"edge:1"}), item),
)


@given(spoilt())
def test_a_view_is_made_or_refused(item: Any) -> None:
    for view in VIEWS:
        # Anything else that is raised would end the operator.
        with suppress(UnviewableError):
            view(table_of(item))


class Spoilt:
    """A fleet in which one model is sound, and all else is as it comes."""

    def __init__(self, items: dict[Kind, list[Json]]) -> None:
        self.feed = HeartbeatFeed(lambda: START)
        self._items = items

    @property
    def observing_since(self) -> datetime | None:
        return START

    def values(self, kind: Kind) -> Collection[Json]:
        return self._items.get(kind, [])

    def agents(self, kind: Kind) -> Collection[Json]:
        return self.values(kind)


WHERE = (
    kinds.NODE,
    kinds.POD,
    kinds.SERVICE,
    kinds.REPLICA_SET,
    kinds.DAEMON_SET,
    kinds.CONTROLLER_REVISION,
    kinds.SATELLITE_NODE,
    kinds.INFERENCE_MODEL,
)


@given(st.lists(st.tuples(st.sampled_from(WHERE), spoilt()), max_size=4))
def test_one_odd_object_stops_nobody_else(odd: list[tuple[Kind, Any]]) -> None:
    metadata = {"name": "m", "namespace": "sound", "uid": "sound", "resourceVersion": "1"}
    items: dict[Kind, list[Json]] = {
        kinds.INFERENCE_MODEL: [{"metadata": metadata, "spec": model_body()}]
    }
    for kind, item in odd:
        items.setdefault(kind, []).append(table_of(item))
    snapshot = Photographer(
        Spoilt(items), ContactBook(lambda: START), Settings(serve_image=IMAGE), ServedBook(START)
    ).snapshot()
    assert "sound" in {model.uid for model in snapshot.models}
    tracks = {track.name for track in plan(snapshot, at(0)).tracks}
    assert "imodel/sound/m" in tracks
