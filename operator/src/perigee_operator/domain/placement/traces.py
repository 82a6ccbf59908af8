"""Which satellites have anything of a revision, found without a look at all others."""

from collections.abc import Iterable

from perigee_api import names
from perigee_operator.domain.satellite import Satellite


def marks(satellite: Satellite) -> frozenset[str]:
    """What a satellite has of models: labels of revisions, and digests of files.

    Those of files that it has said anything of, that it is to keep, or that are sent ahead to it.
    """
    labels = filter(names.is_revision_label, satellite.node.labels)
    return frozenset((*labels, *satellite.artifacts, *satellite.assigned, *satellite.ahead))


class Traces:
    """Nodes of satellites by their marks.

    Args:
        satellites: those that are known from the first.
    """

    def __init__(self, satellites: Iterable[Satellite] = ()) -> None:
        self._nodes: dict[str, dict[str, str]] = {}
        """By mark, the Nodes by satellite: while a Node changes hands, two may name the same."""
        for satellite in satellites:
            self.note(None, satellite)

    def note(self, before: Satellite | None, now: Satellite | None) -> None:
        """A satellite is as it is now; None: it was not there before, or is not any more."""
        gone = marks(before) if before is not None else frozenset[str]()
        come = marks(now) if now is not None else frozenset[str]()
        if before is not None:
            for mark in gone - come:
                self._forget(mark, before.name)
        if now is None:
            return
        moved = before is None or before.node.name != now.node.name
        for mark in come if moved else come - gone:
            self._nodes.setdefault(mark, {})[now.name] = now.node.name

    def nodes(self, marks: Iterable[str]) -> set[str]:
        """Nodes of the satellites that have one of these marks at least."""
        return {node for mark in marks for node in self._nodes.get(mark, {}).values()}

    def _forget(self, mark: str, name: str) -> None:
        bearers = self._nodes[mark]
        del bearers[name]
        if not bearers:
            del self._nodes[mark]
