"""Watches that a model, once it serves, never ceases to, and that nothing unverified serves."""

from collections.abc import Callable, Iterable
from typing import Any

from perigee_api import names
from played.pod_status import is_ready

Json = dict[str, Any]


class ServingWatch:
    """Looks at the Pods of a namespace after each event.

    Args:
        is_reachable: whether a Node can be asked at the moment.
    """

    def __init__(self, is_reachable: Callable[[str], bool]) -> None:
        self._is_reachable = is_reachable
        self._serving: set[str] = set()
        self._ended: set[str] = set()
        self.breaches: list[str] = []
        """What must not have been."""

    def see(self, pods: Iterable[Json]) -> None:
        """Takes a look."""
        now: set[str] = set()
        for pod in pods:
            labels = pod["metadata"]["labels"]
            if labels.get(names.ACTIVE_LABEL) != "true":
                continue
            if not is_ready(pod):
                self.breaches.append(f"{pod['metadata']['name']} is active and not verified")
            elif "deletionTimestamp" not in pod["metadata"] and self._is_reachable(
                pod["spec"].get("nodeName", "")
            ):
                now.add(labels[names.MODEL_LABEL])
        now -= self._ended
        for model in self._serving - now:
            self.breaches.append(f"nobody serves {model}")
        self._serving |= now

    def end(self, model: str) -> None:
        """From now on a model need not serve: it is being deleted."""
        self._ended.add(model)
        self._serving.discard(model)

    def check(self) -> None:
        """Complains of all breaches."""
        assert not self.breaches, "; ".join(sorted(set(self.breaches)))
