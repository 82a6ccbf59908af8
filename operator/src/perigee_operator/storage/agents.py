"""The agents' DaemonSet, its ControllerRevisions and its Pods, as last seen."""

from collections.abc import Callable, Collection
from typing import Any, Final

from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.odd import rows, table, text
from perigee_operator.domain.writes import Json, ObjectKey
from perigee_operator.storage.cache import Cache, Change
from perigee_operator.storage.scope import Scope

OF_AGENTS: Final = (kinds.POD, kinds.DAEMON_SET, kinds.CONTROLLER_REVISION)

SELECTOR: Final = ",".join(f"{key}={value}" for key, value in names.AGENT_LABELS.items())

REVISION_HASH: Final = "controller-revision-hash"
"""Label of a DaemonSet's Pod: the template that it was made from."""

_METADATA: Final = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
)


class AgentCaches:
    """A cache for each kind that the agents are made of, apart from those of the models.

    Args:
        namespace: the operator's own, where the agents' DaemonSet is; None: nothing is observed.
        changed: called after every change.
    """

    def __init__(self, namespace: str | None, changed: Callable[[Change], None]) -> None:
        self._namespace = namespace
        self._caches = {kind: Cache(changed) for kind in OF_AGENTS}

    def by_scope(self) -> dict[Scope, Cache]:
        """What is to be followed, and where it is kept."""
        if self._namespace is None:
            return {}
        return {_scope(kind, self._namespace): cache for kind, cache in self._caches.items()}

    def values(self, kind: Kind) -> Collection[Json]:
        """All objects of a kind as last seen.

        Raises:
            KeyError: agents are not made of it.
        """
        return self._caches[kind].values()

    def cache_of(self, key: ObjectKey, item: Json | None = None) -> Cache | None:
        """The cache of an object that is known here, or belongs here; None for any other."""
        cache = self._caches.get(key.kind)
        if cache is None or key.namespace != self._namespace:
            return None
        known = cache.get(key.name, key.namespace) is not None
        return cache if known or (item is not None and _is_of_agents(item)) else None


def slim_pod(pod: Json) -> Json:
    """What is to be known of an agent's Pod: there is one a satellite, and all are in memory."""
    metadata, status = table(pod.get("metadata")), table(pod.get("status"))
    label = table(metadata.get("labels")).get(REVISION_HASH)
    kept: dict[str, Any] = {key: metadata[key] for key in _METADATA if key in metadata}
    kept["labels"] = {} if label is None else {REVISION_HASH: label}
    kept["ownerReferences"] = [
        {"uid": owner.get("uid")} for owner in rows(metadata.get("ownerReferences"))
    ]
    return {
        "metadata": kept,
        "spec": {"nodeName": _node(table(pod.get("spec")))},
        "status": {
            "phase": status.get("phase"),
            "conditions": [
                {name: row.get(name) for name in ("type", "status", "lastTransitionTime")}
                for row in rows(status.get("conditions"))
                if row.get("type") == "ContainersReady"
            ],
        },
    }


def _node(spec: Json) -> str:
    """The Node that a Pod is on, or is meant for: until it is scheduled its affinity says so."""
    bound = text(spec.get("nodeName"))
    affinity = table(table(spec.get("affinity")).get("nodeAffinity"))
    required = table(affinity.get("requiredDuringSchedulingIgnoredDuringExecution"))
    meant = (
        text(value)
        for term in rows(required.get("nodeSelectorTerms"))
        for field in rows(term.get("matchFields"))
        if field.get("key") == "metadata.name"
        for value in _list(field.get("values"))
    )
    return bound or next(meant, "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _scope(kind: Kind, namespace: str) -> Scope:
    slim = slim_pod if kind == kinds.POD else None
    return Scope(kind, namespace, label_selector=SELECTOR, slim=slim)


def _is_of_agents(item: Json) -> bool:
    return names.AGENT_LABELS.items() <= table(table(item.get("metadata")).get("labels")).items()
