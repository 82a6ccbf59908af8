from typing import Any

import pytest

from perigee_api import names
from perigee_operator.domain.kinds import NODE
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.services.leaving import leave
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.errors import ApiError
from perigee_operator.storage.fleet import FleetCache
from perigee_operator.storage.scope import Listing, Scope

LOST = {"key": names.LOST_TAINT, "effect": "NoSchedule"}
JOINED = {"key": names.SATELLITE_TAINT, "effect": "NoSchedule"}


def node(name: str, labels: dict[str, str], *taints: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"u-{name}", "resourceVersion": "1", "labels": labels}
    return {"metadata": metadata, "spec": {"taints": list(taints)}}


class Nodes(KubernetesApi):
    """Knows Nodes and nothing else, and refuses to patch some of them."""

    def __init__(self, *items: dict[str, Any], refuses: str = "") -> None:
        super().__init__()
        self.items = {item["metadata"]["name"]: item for item in items}
        self.patched: list[tuple[str, Json]] = []
        self._refuses = refuses

    async def list(self, scope: Scope) -> Listing:
        assert scope == Scope(NODE)
        return Listing(tuple(self.items.values()), "1")

    async def get(self, key: ObjectKey) -> Json:
        return self.items[key.name]

    async def merge_patch(
        self, key: ObjectKey, body: Json, *, subresource: str | None = None
    ) -> Json:
        assert subresource is None
        if key.name == self._refuses:
            raise ApiError(403, "Forbidden", "nodes may not be patched")
        self.patched.append((key.name, body))
        return self.items[key.name]


async def left(api: Nodes) -> list[tuple[str, bool]]:
    fleet = FleetCache(
        api,
        instance="test",
        now=lambda: pytest.fail("nobody asks for the time"),
        monotonic=lambda: 0,
        random=lambda: 0,
    )
    outcomes = await leave(api, fleet, "test")
    return [(outcome.track, outcome.failure is None) for outcome in outcomes]


async def test_what_the_operator_put_on_nodes_goes_and_what_came_with_them_stays() -> None:
    ours = {names.SATELLITE_LABEL: "true", names.ORBIT_LABEL: "fixed"}
    api = Nodes(
        node("ground", {"kubernetes.io/arch": "amd64"}),
        node("sat-1", ours, JOINED, LOST),
        node("sat-2", {names.SATELLITE_LABEL: "true"}, JOINED),
    )
    assert await left(api) == [("node/sat-1", True)]
    assert api.patched == [
        ("sat-1", {"metadata": {"resourceVersion": "1"}, "spec": {"taints": [JOINED]}}),
        ("sat-1", {"metadata": {"uid": "u-sat-1", "labels": {names.ORBIT_LABEL: None}}}),
    ]


async def test_a_node_that_cannot_be_left_is_told_and_stops_no_other() -> None:
    labels = {names.ORBIT_LABEL: "fixed"}
    api = Nodes(node("sat-1", labels), node("sat-2", labels), refuses="sat-1")
    assert await left(api) == [("node/sat-1", False), ("node/sat-2", True)]
