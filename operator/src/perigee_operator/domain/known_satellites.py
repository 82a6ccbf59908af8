"""The satellites as placement and rollout see them, made anew only where they have changed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from perigee_operator.domain.liveness.phase import Assessment
from perigee_operator.domain.orbit.contacts import END
from perigee_operator.domain.placement.traces import Traces
from perigee_operator.domain.rollout.concern import Shuffle
from perigee_operator.domain.roster import Roster
from perigee_operator.domain.rows import Rows, arranged
from perigee_operator.domain.satellite import (
    Satellite,
    is_alike,
    is_same_at_rest,
    satellite,
    steady_for_s,
)
from perigee_operator.domain.workloads.quantity import NOTHING, Amounts


class KnownSatellites:
    """The satellites of the last look, and which of them have changed since."""

    def __init__(self) -> None:
        self._rows = Rows()
        self._found: dict[str, Satellite | None] = {}
        """None: it has no Node."""
        self._until: dict[str, datetime] = {}
        """When time alone will make it another."""
        self._by_node: dict[str, Satellite] = {}
        self.changed: set[str] = set()
        """Names of Nodes whose satellite is not as it was in the look before."""
        self.shuffle = Shuffle()
        """Of them those that make a difference to where models may run."""
        self.next_change = END
        """When time alone will change one of them."""
        self.traces = Traces()
        """Of all of them, what they have of models."""

    def look(
        self,
        roster: Roster,
        assessments: Mapping[str, Assessment],
        claims: Mapping[str, Amounts],
        losing_guard_s: float,
        now: datetime,
    ) -> dict[str, Satellite]:
        """The satellites that have a Node, by the Node's name; nobody changes what is returned.

        Args:
            roster: of all satellites.
            assessments: by the satellite's name.
            claims: what Pods of models have set aside, by the Node's name.
            losing_guard_s: a satellite is not in reach this long before it sets.
            now: the moment.
        """
        views, names = roster.views, roster.names
        assessed = [assessments[name] for name in names]
        claimed = [claims.get(node, NOTHING) for node in roster.nodes]
        rows = set(self._rows.changed(names, views, assessed, claimed))
        if self.next_change <= now:
            rows.update(row for row, name in enumerate(names) if self._until.get(name, now) <= now)
        self.changed, self.shuffle = set(), Shuffle()
        seated = True
        for row in sorted(rows):
            found = satellite(views[row], assessed[row], losing_guard_s, now, claimed[row])
            steady_s = steady_for_s(views[row], found, losing_guard_s, now) if found else None
            self._until[names[row]] = END if steady_s is None else now + timedelta(seconds=steady_s)
            seated &= self._take(names[row], found)
        seated &= self._keep(names)
        if seated:
            known = (self._found[names[row]] for row in rows)
            self._by_node = self._by_node | {each.node.name: each for each in known if each}
        else:
            self._by_node = {each.node.name: each for each in self._found.values() if each}
        self.next_change = min(self._until.values(), default=END)
        return self._by_node

    def _take(self, name: str, found: Satellite | None) -> bool:
        """What is the same as before stays the very same; whether it has the Node that it had."""
        before = self._found.get(name)
        if found == before:
            found = before
        elif found is None or before is None or not is_same_at_rest(found, before):
            self._note(before, found)
        if found is not before:
            self.traces.note(before, found)
        self._found[name] = found
        return _node_of(found) == _node_of(before)

    def _note(self, before: Satellite | None, found: Satellite | None) -> None:
        self.changed |= {each.node.name for each in (before, found) if each is not None}
        if found is None or before is None or not is_alike(found, before):
            self.shuffle.add(found, before)

    def _keep(self, names: list[str]) -> bool:
        """Forgets all others; whether there were none."""
        gone = self._found.keys() - set(names) if len(self._found) > len(names) else set()
        for name in gone:
            self._note(self._found[name], None)
            self.traces.note(self._found[name], None)
        self._found, self._until = arranged(self._found, names), arranged(self._until, names)
        return not gone


def _node_of(known: Satellite | None) -> str | None:
    return known.node.name if known else None
