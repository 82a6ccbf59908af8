"""The agents' DaemonSet as the domain sees it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.agents.agent import AgentSetView, AgentView
from perigee_operator.services.sources import Observed
from perigee_operator.services.views.agents import (
    AgentPod,
    AgentRevision,
    AgentSetRecord,
    NodeImages,
    agent_pod,
    agent_revision,
    agent_set_record,
    bytes_to_fetch,
    node_images,
)
from perigee_operator.services.views.common import Views
from perigee_operator.services.views.kept import Kept


class AgentBook:
    """Looks at the agents; what has not changed since the last look stays the same view.

    Args:
        fleet: the caches.
    """

    def __init__(self, fleet: Observed) -> None:
        self._fleet = fleet
        self._sets = Views(kinds.DAEMON_SET, agent_set_record)
        self._revisions = Views(kinds.CONTROLLER_REVISION, agent_revision)
        self._pods = Views(kinds.POD, agent_pod)
        self._kept = Kept[AgentSetView]()
        self._images: _Images | None = None

    def look(self) -> AgentSetView | None:
        """The DaemonSet with its Pods; None where there is none that Perigee is to see to."""
        sets = self._sets.of(self._fleet.agents(kinds.DAEMON_SET))
        found = next((each for each in sets if each.name == names.AGENT_DAEMON_SET), None)
        if found is None or found.left_alone:
            return None
        revisions = self._revisions.of(self._fleet.agents(kinds.CONTROLLER_REVISION))
        pods = self._pods.of(self._fleet.agents(kinds.POD))
        self._kept.begin()
        view = self._kept.of("pods", _agent_set, found, revisions, pods)
        to_fetch = self._to_fetch(found, view)
        return self._kept.of("images", _with_images, view, to_fetch) if to_fetch else view

    def _to_fetch(self, found: AgentSetRecord, view: AgentSetView) -> Mapping[str, int]:
        """Only while agents are replaced: otherwise nobody asks for the images of a large fleet."""
        if not view.outdated:
            self._images = None
            return {}
        if self._images is None or self._images.wanted != found.images:
            self._images = _Images(found.images)
        return bytes_to_fetch(found.images, self._images.nodes.of(self._fleet.values(kinds.NODE)))


class _Images:
    """What there is of some images on Nodes."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self.wanted: Final = wanted
        self.nodes: Final = Views[NodeImages](kinds.NODE, partial(node_images, wanted))


def _agent_set(
    found: AgentSetRecord, revisions: tuple[AgentRevision, ...], pods: tuple[AgentPod, ...]
) -> AgentSetView:
    by_node: dict[str, AgentView] = {}
    for pod in pods:
        known = by_node.get(pod.node)
        if found.uid in pod.owners and (known is None or _rank(pod.agent) > _rank(known)):
            by_node[pod.node] = pod.agent
    return AgentSetView(
        namespace=found.namespace,
        node_selector=found.node_selector,
        revisions={each.hash: each.number for each in revisions if found.uid in each.owners},
        pods=by_node,
    )


def _with_images(view: AgentSetView, to_fetch: Mapping[str, int]) -> AgentSetView:
    return replace(view, to_fetch=to_fetch)


def _rank(agent: AgentView) -> tuple[bool, datetime]:
    """Of several on one Node the one that stays counts, and then the youngest."""
    return not agent.deleting, agent.created_at
