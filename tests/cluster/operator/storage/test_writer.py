"""What the writer does to a real API server, and what it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from perigee_operator.domain import kinds
from perigee_operator.domain.writes import (
    Announce,
    Apply,
    Delete,
    EventType,
    ObjectKey,
    RemoveLabels,
    SetTaints,
    Taint,
    Track,
    Write,
)
from perigee_operator.storage.announcements import event_key
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.errors import ApiError
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.kept import folded, of_a_node
from perigee_operator.storage.mode import Mode
from perigee_operator.storage.outcomes import Result, TrackOutcome
from perigee_operator.storage.writer import Writer

NO_SUCH_UID = "00000000-0000-4000-8000-000000000000"
PORTS = {"spec": {"ports": [{"port": 80}]}}
FIXED = {"orbit": {"fixed": {"latitude": 48.1, "longitude": 11.6}}}
MARK = Taint("perigee.space/lost", "NoSchedule")
OTHER = {"key": "example.com/other", "effect": "NoSchedule"}

pytestmark = pytest.mark.usefixtures("definitions")


@pytest.fixture
def fleet(api: KubernetesApi, new_fleet: Callable[..., FleetCache]) -> FleetCache:
    return new_fleet(api)


@pytest.fixture
def writer(api: KubernetesApi, fleet: FleetCache) -> Writer:
    return Writer(api, fleet, mode=Mode.ACT, instance="ground-1")


async def perform(writer: Writer, *writes: Write) -> TrackOutcome:
    [outcome] = await writer.perform([Track("t", writes)])
    return outcome


async def exists(api: KubernetesApi, key: ObjectKey) -> bool:
    try:
        await api.get(key)
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    return True


def service(name: str) -> ObjectKey:
    return ObjectKey(kinds.SERVICE, name, "default")


def node(name: str) -> ObjectKey:
    return ObjectKey(kinds.NODE, name)


def taints(key: ObjectKey, uid: str, *wanted: Taint) -> SetTaints:
    return SetTaints(key, uid, frozenset({MARK.key}), frozenset(wanted))


async def test_an_apply_creates_and_is_known_at_once(
    api: KubernetesApi, writer: Writer, fleet: FleetCache, name: str
) -> None:
    outcome = await perform(writer, Apply(service(name), PORTS))
    assert outcome == TrackOutcome("t", done=1)
    assert fleet.get(service(name)) == folded(await api.get(service(name)))


async def test_what_an_apply_no_longer_says_is_taken_away(
    api: KubernetesApi, writer: Writer, name: str
) -> None:
    labelled = {**PORTS, "metadata": {"labels": {"a": "b"}}}
    await perform(writer, Apply(service(name), labelled), Apply(service(name), PORTS))
    assert "labels" not in (await api.get(service(name)))["metadata"]


@pytest.mark.parametrize("kind", [kinds.NODE, kinds.SATELLITE_NODE])
@pytest.mark.parametrize("subresource", [None, "status"])
async def test_a_guarded_apply_makes_no_ghost(
    api: KubernetesApi, writer: Writer, name: str, kind: kinds.Kind, subresource: str | None
) -> None:
    key = ObjectKey(kind, name)
    body = {"metadata": {"uid": NO_SUCH_UID, "labels": {"a": "b"}}, "spec": FIXED, "status": {}}
    if kind is kinds.NODE:
        del body["spec"]
    outcome = await perform(writer, Apply(key, body, subresource))
    assert outcome.failure is not None
    assert outcome.failure.status in (404, 409)
    assert not await exists(api, key)


async def test_a_guarded_apply_spares_a_namesake(
    api: KubernetesApi, writer: Writer, name: str
) -> None:
    made = await api.create(service(name), PORTS)
    body = {"metadata": {"uid": NO_SUCH_UID, "labels": {"a": "b"}}}
    outcome = await perform(writer, Apply(service(name), body), Apply(service(name), body))
    assert outcome.failure is not None
    assert (outcome.done, outcome.failure.status) == (0, 422)
    assert await api.get(service(name)) == made


async def test_a_status_write_to_what_is_gone_makes_the_fleet_forget_it(
    api: KubernetesApi, writer: Writer, fleet: FleetCache, name: str
) -> None:
    key = ObjectKey(kinds.SATELLITE_NODE, name)
    made = await api.create(key, {"spec": FIXED})
    fleet.observe(kinds.SATELLITE_NODE, "ADDED", made)
    await api.delete(key, uid=made["metadata"]["uid"])
    body = {"metadata": {"uid": made["metadata"]["uid"]}, "status": {"phase": "Lost"}}
    outcome = await perform(writer, Apply(key, body, "status"))
    assert outcome.failure is not None
    assert fleet.get(key) is None


async def test_a_verdict_on_what_has_changed_is_not_written(
    api: KubernetesApi, writer: Writer, fleet: FleetCache, name: str
) -> None:
    key = ObjectKey(kinds.SATELLITE_NODE, name)
    made = await api.create(key, {"spec": FIXED})
    fleet.observe(kinds.SATELLITE_NODE, "ADDED", made)
    changed = await api.merge_patch(key, {"spec": {"maintenance": True}})
    seen = {field: made["metadata"][field] for field in ("uid", "resourceVersion")}
    verdict = Apply(key, {"metadata": seen, "status": {"phase": "Lost"}}, "status")
    outcome = await perform(writer, verdict)
    assert outcome.failure is not None
    assert outcome.failure.status == 409
    assert await api.get(key) == changed, "untouched"
    assert fleet.get(key) == folded(changed), "and known"
    seen |= {"resourceVersion": changed["metadata"]["resourceVersion"]}
    verdict = Apply(key, {"metadata": seen, "status": {"phase": "Maintenance"}}, "status")
    assert await perform(writer, verdict) == TrackOutcome("t", done=1)
    await api.delete(key, uid=made["metadata"]["uid"])


async def test_a_stranger_s_object_is_let_alone(
    api: KubernetesApi, writer: Writer, name: str
) -> None:
    made = await api.create(service(name), PORTS)
    outcome = await perform(writer, Apply(service(name), PORTS, owner_uid=NO_SUCH_UID))
    assert outcome.failure is not None
    assert outcome.failure.name_taken
    assert await api.get(service(name)) == made


async def test_a_status_write_spares_a_namesake_and_makes_the_fleet_know_it(
    api: KubernetesApi, writer: Writer, fleet: FleetCache, name: str
) -> None:
    key = ObjectKey(kinds.SATELLITE_NODE, name)
    first = await api.create(key, {"spec": FIXED})
    fleet.observe(kinds.SATELLITE_NODE, "ADDED", first)
    await api.delete(key, uid=first["metadata"]["uid"])
    second = await api.create(key, {"spec": FIXED})
    seen = {field: first["metadata"][field] for field in ("uid", "resourceVersion")}
    body = {"metadata": seen, "status": {"phase": "Lost"}}
    outcome = await perform(writer, Apply(key, body, "status"))
    assert outcome.failure is not None
    assert outcome.failure.status == 409
    assert await api.get(key) == second, "untouched"
    assert fleet.get(key) == folded(second), "and known"
    await api.delete(key, uid=second["metadata"]["uid"])


async def marks(api: KubernetesApi, key: ObjectKey) -> list[str]:
    """A Node's taints, but for those that the cluster's controllers come and go with."""
    taints = (await api.get(key))["spec"].get("taints") or []
    return [taint["key"] for taint in taints if "node.kubernetes.io" not in taint["key"]]


async def test_taints_are_set_once_and_taken_off(
    api: KubernetesApi, fleet: FleetCache, name: str
) -> None:
    results: list[Result] = []
    writer = Writer(
        api,
        fleet,
        mode=Mode.ACT,
        instance="ground-1",
        count=lambda _type, _kind, result: results.append(result),
    )
    made = await api.create(node(name), {"spec": {"taints": [OTHER]}})
    marked = taints(node(name), made["metadata"]["uid"], MARK)
    await perform(writer, marked, marked)
    assert results == [Result.DONE, Result.UNCHANGED]
    assert await marks(api, node(name)) == [OTHER["key"], MARK.key]
    await perform(writer, replace(marked, wanted=frozenset()))
    assert await marks(api, node(name)) == [OTHER["key"]]


async def test_taints_survive_another_writer_of_the_list(
    api: KubernetesApi, writer: Writer, fleet: FleetCache, name: str
) -> None:
    made = await api.create(node(name), {})
    fleet.absorb(node(name), made)
    await api.merge_patch(node(name), {"spec": {"taints": [OTHER]}})
    assert fleet.get(node(name)) == of_a_node(made), "the cache is behind"
    outcome = await perform(writer, taints(node(name), made["metadata"]["uid"], MARK))
    assert outcome.failure is None
    assert await marks(api, node(name)) == [OTHER["key"], MARK.key]


async def test_taints_spare_a_node_that_was_replaced(
    api: KubernetesApi, writer: Writer, name: str
) -> None:
    await api.create(node(name), {})
    outcome = await perform(writer, taints(node(name), NO_SUCH_UID, MARK))
    assert outcome.failure is not None
    assert outcome.failure.status == 409
    assert await marks(api, node(name)) == []


async def test_labels_are_removed_whoever_put_them_there(
    api: KubernetesApi, writer: Writer, name: str
) -> None:
    made = await api.create(node(name), {"metadata": {"labels": {"a": "1", "b": "2"}}})
    guarded = RemoveLabels(node(name), made["metadata"]["uid"], frozenset({"a", "c"}))
    wrong = replace(guarded, uid=NO_SUCH_UID)
    assert (await perform(writer, wrong)).failure is not None
    assert (await api.get(node(name)))["metadata"]["labels"].items() >= {"a": "1", "b": "2"}.items()
    assert (await perform(writer, guarded)).failure is None
    kept = (await api.get(node(name)))["metadata"]["labels"]
    assert "a" not in kept
    assert kept["b"] == "2"
    gone = replace(guarded, key=node(f"{name}-gone"))
    assert (await perform(writer, gone)).failure is None


async def test_only_the_object_that_was_seen_is_deleted(
    api: KubernetesApi, writer: Writer, name: str
) -> None:
    made = await api.create(service(name), PORTS)
    outcome = await perform(writer, Delete(service(name), NO_SUCH_UID))
    assert outcome.failure is not None
    assert outcome.failure.status == 409
    seen = Delete(service(name), made["metadata"]["uid"])
    assert await perform(writer, seen, seen) == TrackOutcome("t", done=2)
    assert not await exists(api, service(name))


async def test_a_deletion_that_a_finalizer_holds_up_is_known_at_once(
    api: KubernetesApi, writer: Writer, fleet: FleetCache, name: str
) -> None:
    held = {**PORTS, "metadata": {"finalizers": ["perigee.space/test"]}}
    made = await api.create(service(name), held)
    fleet.absorb(service(name), made)
    await perform(writer, Delete(service(name), made["metadata"]["uid"]))
    known = fleet.get(service(name))
    assert known is not None
    assert "deletionTimestamp" in known["metadata"]
    await api.merge_patch(service(name), {"metadata": {"finalizers": None}})
    assert not await exists(api, service(name))


@pytest.mark.parametrize("namespace", [None, "default"])
async def test_a_transition_is_announced_once(
    api: KubernetesApi, writer: Writer, name: str, namespace: str | None
) -> None:
    kind = kinds.SATELLITE_NODE if namespace is None else kinds.INFERENCE_MODEL
    announce = Announce(
        ObjectKey(kind, name, namespace),
        NO_SUCH_UID,
        EventType.WARNING,
        reason="Lost",
        action="DeclareLost",
        note="é" * 2000,
        at=datetime.now(UTC),
    )
    assert await perform(writer, announce, announce) == TrackOutcome("t", done=2)
    event = await api.get(event_key(announce))
    assert event["regarding"]["name"] == name
    assert event["reportingController"] == "perigee.space/operator"
    assert event["note"].startswith("éééé")


async def test_an_observer_leaves_nodes_and_workloads_alone(
    api: KubernetesApi, fleet: FleetCache, name: str
) -> None:
    made = await api.create(node(name), {})
    satellite = ObjectKey(kinds.SATELLITE_NODE, name)
    own = await api.create(satellite, {"spec": FIXED})
    status = {"metadata": {"uid": own["metadata"]["uid"]}, "status": {"phase": "Lost"}}
    writer = Writer(api, fleet, mode=Mode.OBSERVE, instance="ground-1")
    outcome = await perform(
        writer,
        taints(node(name), made["metadata"]["uid"], MARK),
        Apply(service(name), PORTS),
        Apply(satellite, status, "status"),
    )
    assert (outcome.done, len(outcome.skipped), outcome.failure) == (1, 2, None)
    assert await marks(api, node(name)) == []
    assert not await exists(api, service(name))
    assert (await api.get(satellite))["status"]["phase"] == "Lost"
    await api.delete(satellite, uid=own["metadata"]["uid"])
