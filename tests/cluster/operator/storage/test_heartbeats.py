"""Signs of life as a real API server tells of them."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from perigee_api import names
from perigee_api.heartbeat import Report
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.echo import micro_time
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.heartbeats import renewal_written_at

Follow = Callable[..., AbstractAsyncContextManager[FleetCache]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]

pytestmark = pytest.mark.usefixtures("definitions", "heartbeat_namespace")


def lease(node: str) -> ObjectKey:
    return ObjectKey(kinds.LEASE, node, names.HEARTBEAT_NAMESPACE)


def renewal(sequence: int, at: datetime) -> dict[str, Any]:
    report = Report(sequence=sequence).model_dump_json(by_alias=True, exclude_none=True)
    return {
        "metadata": {"annotations": {names.REPORT_ANNOTATION: report}},
        "spec": {"holderIdentity": "agent", "renewTime": micro_time(at)},
    }


def now() -> datetime:
    return datetime.now(UTC)


async def until_the_next_second(until: Until) -> None:
    """The API server writes its times to the second."""
    begun = int(now().timestamp())
    await until(lambda: int(now().timestamp()) > begun)


@pytest.mark.parametrize("way", ["merge_patch", "apply"])
async def test_the_server_writes_down_when_it_took_each_renewal(
    api: KubernetesApi, until: Until, name: str, way: str
) -> None:
    key = lease(name)
    await api.create(key, renewal(0, now()))
    for sequence in (1, 2):
        await until_the_next_second(until)
        begun = now()
        # What the satellite's clock says is of no account.
        body = renewal(sequence, now() - timedelta(days=sequence))
        written = renewal_written_at(await getattr(api, way)(key, body))
        assert written is not None
        assert begun - timedelta(seconds=1) < written <= now()


async def test_an_assignment_does_not_pass_for_a_renewal(
    api: KubernetesApi, until: Until, name: str
) -> None:
    written = renewal_written_at(await api.create(lease(name), renewal(0, now())))
    await until_the_next_second(until)
    assignment = {"metadata": {"annotations": {names.ASSIGNMENT_ANNOTATION: "{}"}}}
    assert renewal_written_at(await api.apply(lease(name), assignment)) == written


def has_reported(fleet: FleetCache, node: str, sequence: int) -> bool:
    heartbeat = fleet.feed.heartbeats.get(node)
    return heartbeat is not None and heartbeat.report == Report(sequence=sequence)


async def test_heartbeats_come_in(
    api: KubernetesApi, follow: Follow, until: Until, name: str
) -> None:
    async with follow(api) as fleet:
        heartbeats = fleet.feed.heartbeats
        for sequence in (1, 2):
            begun = now()
            sent = begun - timedelta(seconds=5)
            answer = renewal(sequence, sent)
            write = api.create if sequence == 1 else api.merge_patch
            await write(lease(name), answer)
            await until(partial(has_reported, fleet, name, sequence))
            assert begun <= heartbeats[name].arrived_at <= now()
        assert "perigee-operator" not in heartbeats, "it is no satellite"


async def test_a_restart_makes_nobody_look_alive(
    api: KubernetesApi, follow: Follow, until: Until, name: str
) -> None:
    await api.create(lease(name), renewal(1, now()))
    created = now()
    await until_the_next_second(until)
    await until_the_next_second(until)
    async with follow(api) as fleet:
        assert fleet.feed.heartbeats[name].arrived_at <= created


async def test_kubelets_are_heard_of(
    api: KubernetesApi, follow: Follow, until: Until, name: str
) -> None:
    async with follow(api) as fleet:
        key = ObjectKey(kinds.LEASE, name, names.KUBELET_LEASE_NAMESPACE)
        made = await api.create(key, {"spec": {"renewTime": micro_time(now())}})
        await until(lambda: name in fleet.feed.kubelet_arrivals)
        await api.delete(key, uid=made["metadata"]["uid"])
        await until(lambda: name not in fleet.feed.kubelet_arrivals)
