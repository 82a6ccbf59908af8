"""The agents' DaemonSet as the domain sees it, and what stays the same view."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from paper_fleet import agents
from paper_fleet.controllers import pod_key
from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import START
from perigee_operator.domain import kinds
from perigee_operator.domain.agents.agent import AgentSetView
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.writes import Json
from perigee_operator.services.agents import AgentBook
from perigee_operator.storage.heartbeats import HeartbeatFeed


class Cached:
    """As the caches are: a collection stays the same as long as its objects do."""

    def __init__(self, fleet: PaperFleet) -> None:
        self.feed = HeartbeatFeed(lambda: START)
        self.observing_since: datetime | None = START
        self._fleet = fleet
        self._given: dict[tuple[str, Kind], Collection[Json]] = defaultdict(tuple)

    def values(self, kind: Kind) -> Collection[Json]:
        return self._kept("values", kind, tuple(self._fleet.values(kind)))

    def agents(self, kind: Kind) -> Collection[Json]:
        return self._kept("agents", kind, tuple(self._fleet.agents(kind)))

    def _kept(self, of: str, kind: Kind, found: tuple[Json, ...]) -> Collection[Json]:
        if self._given[of, kind] != found:
            self._given[of, kind] = found
        return self._given[of, kind]


@pytest.fixture
def fleet() -> PaperFleet:
    found = fleet_of(2)
    agents.deploy(found.api, "edge:1")
    found.pass_time(30)
    return found


@pytest.fixture
def book(fleet: PaperFleet) -> AgentBook:
    return AgentBook(Cached(fleet))


def look(book: AgentBook) -> AgentSetView:
    found = book.look()
    assert found is not None
    return found


def pods(fleet: PaperFleet) -> list[Any]:
    return [pod for pod in fleet.api.items(kinds.POD) if agents.is_of_agents(pod)]


def test_there_are_none(book: AgentBook, fleet: PaperFleet) -> None:
    fleet.api.change(agents.KEY, lambda item: item["spec"].pop("updateStrategy"))
    assert book.look() is None
    fleet.api.remove(agents.KEY)
    assert book.look() is None


def test_the_dark_makes_no_other_view_of_it(book: AgentBook, fleet: PaperFleet) -> None:
    before = look(book)
    assert before.pods.keys() == {"sat-1", "sat-2"}
    assert before.outdated == before.unsettled == frozenset()
    assert before.to_fetch == {}
    fleet.satellites["sat-1"].linked = False
    fleet.pass_time(100)
    assert look(book) is before


def test_images_are_asked_for_while_agents_are_outdated(book: AgentBook, fleet: PaperFleet) -> None:
    agents.load(fleet.api, "edge:1")
    agents.deploy(fleet.api, "edge:2")
    agents.keep_revisions(fleet.api)
    found = look(book)
    assert found.outdated == {"sat-1", "sat-2"}
    assert found.to_fetch == dict.fromkeys(found.outdated, agents.IMAGE_BYTES)
    assert look(book) is found
    agents.load(fleet.api, "edge:2")
    assert look(book) == replace(found, to_fetch={})


def test_what_others_own_is_left_alone(book: AgentBook, fleet: PaperFleet) -> None:
    before = look(book)
    for each in pods(fleet):
        copy = {**each, "metadata": {**each["metadata"], "ownerReferences": [{"uid": "other"}]}}
        fleet.api.create(replace(pod_key(each), name="of-a-user"), copy)
    revision = {"labels": before_labels(fleet), "ownerReferences": [{"uid": "other"}]}
    key = replace(agents.KEY, kind=kinds.CONTROLLER_REVISION, name="of-a-user")
    fleet.api.create(key, {"metadata": revision, "revision": 99})
    assert look(book) == before


def before_labels(fleet: PaperFleet) -> dict[str, str]:
    labels: dict[str, str] = pods(fleet)[0]["metadata"]["labels"]
    return labels


def test_of_two_pods_on_a_node_the_one_that_stays_counts(
    book: AgentBook, fleet: PaperFleet
) -> None:
    first, _ = pods(fleet)
    name = first["spec"]["nodeName"]
    fleet.now = datetime(2027, 1, 1, tzinfo=UTC)
    young = fleet.api.create(replace(pod_key(first), name="young"), first)
    assert look(book).pods[name].uid == young["metadata"]["uid"]
    fleet.api.delete(pod_key(young))
    assert look(book).pods[name].uid == first["metadata"]["uid"]
