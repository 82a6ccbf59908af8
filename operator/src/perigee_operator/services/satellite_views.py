"""Views of all satellites, made anew only where what they are made from has changed."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Final

from perigee_operator.domain.agents.agent import AgentSetView
from perigee_operator.domain.fleet import NodeView, SatelliteView
from perigee_operator.domain.orbit.contacts import UNKNOWN, Contacts
from perigee_operator.domain.rows import Rows, arranged
from perigee_operator.services.satellite_books import SatelliteBooks
from perigee_operator.services.views.satellites import SatelliteRecord
from perigee_operator.storage.heartbeats import HeartbeatFeed

_name = attrgetter("name")


class Register:
    """All SatelliteNodes, in order of their names.

    Args:
        records: of all.
    """

    def __init__(self, records: Collection[SatelliteRecord]) -> None:
        self.records: Final = sorted(records, key=_name)
        self.names: Final = [record.name for record in self.records]
        self.uids: Final = [record.uid for record in self.records]
        self.heard_as: Final = [record.node_name for record in self.records]
        """The Nodes that they name."""
        self.nodes: Final = _each_once(self.heard_as)
        """Likewise; of several that name one Node the first has it, and the others none: ''."""
        self.taken: Final = frozenset(self.nodes)


class SatelliteViews:
    """One view a satellite: whoever compares two looks can tell by identity what has changed.

    Args:
        feed: signs of life.
        books: what is learnt from one heartbeat to the next.
    """

    def __init__(self, feed: HeartbeatFeed, books: SatelliteBooks) -> None:
        self._feed = feed
        self._books = books
        self._rows = Rows()
        self._views: dict[str, SatelliteView] = {}
        self._in_order: tuple[SatelliteView, ...] = ()
        self._uids: Sequence[str] = ()
        self._agents_wanted: Mapping[str, str] | None = None
        """Labels of the Nodes that are to have an agent."""

    def of(
        self,
        register: Register,
        nodes: Mapping[str, NodeView],
        contacts: Mapping[str, Contacts],
        agents: AgentSetView | None,
    ) -> tuple[SatelliteView, ...]:
        """The views of these satellites; all others are forgotten.

        Args:
            register: of all of them.
            nodes: by name.
            contacts: by the satellite's uid.
            agents: those on board.
        """
        wanted = agents.node_selector if agents else None
        if wanted != self._agents_wanted:
            self._agents_wanted = wanted
            self._rows.forget()
        heartbeats, kubelets = self._feed.heartbeats, self._feed.kubelet_arrivals
        pods = agents.pods if agents else {}
        its_nodes = [*map(nodes.get, register.nodes)]
        changed = self._rows.changed(
            register.names,
            register.records,
            its_nodes,
            [*map(heartbeats.get, register.heard_as)],
            [*map(kubelets.get, register.heard_as)],
            [*map(self._feed.runs.get, register.heard_as)],
            [*map(contacts.get, register.uids)],
            [*map(pods.get, register.nodes)],
        )
        for row in changed:
            record, node, name = register.records[row], its_nodes[row], register.heard_as[row]
            self._views[record.name] = self._books.view(
                record,
                node,
                heartbeats.get(name) if node else None,
                kubelets.get(name),
                self._feed.runs.get(name),
                contacts.get(record.uid, UNKNOWN),
                agents.on(name, node.labels) if agents and node else None,
            )
        if register.uids != self._uids:
            self._uids = register.uids
            self._views = arranged(self._views, register.names)
            self._books.keep(frozenset(register.uids))
        if changed or len(self._in_order) != len(self._views):
            self._in_order = tuple(self._views.values())
        return self._in_order


def _each_once(names: list[str]) -> list[str]:
    if len(frozenset(names)) == len(names):
        return names
    taken: set[str] = set()
    once = []
    for name in names:
        once.append("" if name in taken else name)
        taken.add(name)
    return once
