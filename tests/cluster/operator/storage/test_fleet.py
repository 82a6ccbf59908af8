"""The fleet in memory follows a real API server, through cuts, expiry and restarts."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.echo import MAX_AGE_S
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.kept import folded
from perigee_operator.storage.reflector import Reflector

Follow = Callable[..., AbstractAsyncContextManager[FleetCache]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]

pytestmark = pytest.mark.usefixtures("definitions", "heartbeat_namespace")

PORTS = {"spec": {"ports": [{"port": 80}]}}
LABELS = {"metadata": {"labels": {names.MODEL_LABEL: "m"}}}


def service(name: str) -> ObjectKey:
    return ObjectKey(kinds.SERVICE, name, "default")


def reflector_of(fleet: FleetCache, kind: kinds.Kind) -> Reflector:
    return next(each for each in fleet._reflectors if each.scope.kind == kind)


def follows(fleet: FleetCache, *, everything: bool) -> bool:
    """Whether all that it is to follow is followed, or else nothing."""
    return {each.connected for each in fleet._reflectors} == {everything}


async def test_it_follows_what_comes_changes_and_goes(
    api: KubernetesApi, follow: Follow, until: Until, name: str
) -> None:
    key = service(name)
    async with follow(api) as fleet:
        assert fleet.get(key) is None
        made = await api.create(key, {**PORTS, **LABELS})
        await until(lambda: fleet.get(key) == folded(made))
        changed = await api.merge_patch(key, {"metadata": {"annotations": {"a": "b"}}})
        await until(lambda: fleet.get(key) == folded(changed))
        await api.delete(key, uid=made["metadata"]["uid"])
        await until(lambda: fleet.get(key) is None)


async def test_what_leaves_the_selection_is_gone_until_it_returns(
    api: KubernetesApi, follow: Follow, until: Until, name: str
) -> None:
    key = service(name)
    await api.create(key, {**PORTS, **LABELS})
    async with follow(api) as fleet:
        assert fleet.get(key) is not None
        await api.merge_patch(key, {"metadata": {"labels": {names.MODEL_LABEL: None}}})
        await until(lambda: fleet.get(key) is None)
        await api.merge_patch(key, LABELS)
        await until(lambda: fleet.get(key) is not None)


@pytest.mark.parametrize("expired", [False, True], ids=["resumed", "listed anew"])
async def test_it_catches_up_after_a_cut(  # noqa: PLR0913 - fixtures
    api: KubernetesApi,
    linked_api: KubernetesApi,
    link: Any,
    *,
    follow: Follow,
    until: Until,
    name: str,
    expired: bool,
) -> None:
    goes, comes = service(f"{name}-goes"), service(f"{name}-comes")
    made = await api.create(goes, {**PORTS, **LABELS})
    async with follow(linked_api) as fleet:
        await until(lambda: follows(fleet, everything=True))
        await link.cut()
        await until(lambda: follows(fleet, everything=False))
        await api.delete(goes, uid=made["metadata"]["uid"])
        added = await api.create(comes, {**PORTS, **LABELS})
        assert fleet.get(goes) == folded(made)
        if expired:
            reflector_of(fleet, kinds.SERVICE)._version = "1"
        await link.restore()
        await until(lambda: fleet.get(goes) is None and fleet.get(comes) == folded(added))
        await until(lambda: follows(fleet, everything=True))


async def test_it_goes_on_after_the_api_server_was_killed(
    control_plane: Any, api: KubernetesApi, follow: Follow, until: Until, name: str
) -> None:
    before, after = service(f"{name}-before"), service(f"{name}-after")
    made = await api.create(before, {**PORTS, **LABELS})
    async with follow(api) as fleet:
        await until(lambda: follows(fleet, everything=True))
        try:
            await asyncio.to_thread(control_plane.crash, "ground")
            await until(lambda: follows(fleet, everything=False))
        finally:
            await asyncio.to_thread(control_plane.boot, "ground")
        await until(lambda: follows(fleet, everything=True))
        await api.delete(before, uid=made["metadata"]["uid"])
        added = await api.create(after, {**PORTS, **LABELS})
        await until(lambda: fleet.get(before) is None and fleet.get(after) == folded(added))


async def test_own_kinds_are_seeded_and_then_fed_by_hand(
    api: KubernetesApi, new_fleet: Callable[..., FleetCache], name: str
) -> None:
    key = ObjectKey(kinds.GROUND_STATION, name)
    made = await api.create(key, {"spec": {"place": {"latitude": 48.1, "longitude": 11.6}}})
    fleet = new_fleet(api)
    await fleet.seed()
    assert fleet.get(key) == folded(made)
    fleet.observe(kinds.GROUND_STATION, "DELETED", made)
    fleet.observe(kinds.GROUND_STATION, None, made)
    assert fleet.get(key) is None
    await api.delete(key, uid=made["metadata"]["uid"])


async def test_observation_holds_while_the_operator_hears_itself(
    linked_api: KubernetesApi, link: Any, follow: Follow, until: Until, clock: Any
) -> None:
    async with follow(linked_api, clock) as fleet:
        await until(lambda: fleet.observing_since is not None)
        began = fleet.observing_since
        assert began is not None
        await link.cut()
        assert fleet.observing_since == began, "it is not long ago yet"
        clock.ahead_s += MAX_AGE_S
        await until(lambda: fleet.observing_since is None)
        await link.restore()
        await until(lambda: fleet.observing_since is not None)
        assert fleet.observing_since is not None
        assert fleet.observing_since > began


async def test_a_deletion_that_kopf_missed_shows_when_observation_begins_anew(
    api: KubernetesApi, follow: Follow, until: Until, *, name: str, clock: Any
) -> None:
    key = ObjectKey(kinds.SATELLITE_NODE, name)
    made = await api.create(key, {"spec": {"orbit": {"unknown": {}}}})
    async with follow(api, clock) as fleet:
        assert fleet.get(key) == folded(made)
        await until(lambda: fleet.observing_since is not None)
        await api.delete(key, uid=made["metadata"]["uid"])
        clock.ahead_s += 2 * MAX_AGE_S
        await until(lambda: fleet.get(key) is None)


async def test_a_deletion_that_kopf_missed_shows_within_minutes(
    api: KubernetesApi,
    follow: Follow,
    until: Until,
    *,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("perigee_operator.storage.fleet.LISTING_INTERVAL_S", 0.2)
    key = ObjectKey(kinds.SATELLITE_NODE, name)
    made = await api.create(key, {"spec": {"orbit": {"unknown": {}}}})
    async with follow(api) as fleet:
        await api.delete(key, uid=made["metadata"]["uid"])
        await until(lambda: fleet.get(key) is None)
