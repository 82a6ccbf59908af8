"""Views of the agents' DaemonSet, its revisions and Pods, and of the images on Nodes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from perigee_operator.domain.agents.agent import AgentView
from perigee_operator.domain.odd import UnviewableError, moment, rows, table, text, whole
from perigee_operator.domain.writes import Json
from perigee_operator.services.views.common import identity, labels_of
from perigee_operator.storage.agents import REVISION_HASH

ASSUMED_BYTES: Final = 300_000_000
"""Of an image that is on no Node, and whose repository is not either."""


@dataclass(frozen=True, slots=True)
class AgentSetRecord:
    """The DaemonSet as it stands in the API server."""

    name: str
    namespace: str
    uid: str
    node_selector: Mapping[str, str]
    images: frozenset[str]
    left_alone: bool
    """It is being deleted, or replaces its Pods by itself."""


@dataclass(frozen=True, slots=True)
class AgentRevision:
    """One of its ControllerRevisions."""

    owners: frozenset[str]
    """uids."""
    hash: str
    number: int


@dataclass(frozen=True, slots=True)
class AgentPod:
    """One of its Pods."""

    owners: frozenset[str]
    """uids."""
    node: str
    agent: AgentView


@dataclass(frozen=True, slots=True)
class NodeImages:
    """What a Node has of the images that the agent's Pod needs."""

    node: str
    sizes: Mapping[str, int]
    """Bytes of those that are there."""
    largest: int
    """Bytes of the largest that is there of their repositories: the agent's, as it was; or 0."""


def agent_set_record(item: Json) -> AgentSetRecord:
    """The DaemonSet, parsed.

    Raises:
        UnviewableError: nobody can tell which one it is.
    """
    own, spec = identity(item), table(item.get("spec"))
    pod = table(table(spec.get("template")).get("spec"))
    selector = table(pod.get("nodeSelector"))
    containers = rows(pod.get("initContainers")) + rows(pod.get("containers"))
    strategy = text(table(spec.get("updateStrategy")).get("type"))
    return AgentSetRecord(
        name=own.name,
        namespace=own.namespace or "",
        uid=own.uid,
        node_selector={key: text(value) for key, value in selector.items()},
        images=frozenset(text(container.get("image")) for container in containers),
        left_alone="deletionTimestamp" in item["metadata"] or strategy != "OnDelete",
    )


def agent_revision(item: Json) -> AgentRevision:
    """A ControllerRevision of the agents.

    Raises:
        UnviewableError: it has no number.
    """
    number = whole(item.get("revision"))
    if number is None:
        raise UnviewableError("it has no revision number")
    return AgentRevision(_owners(item), labels_of(item).get(REVISION_HASH, ""), number)


def agent_pod(item: Json) -> AgentPod:
    """An agent's Pod.

    Raises:
        UnviewableError: nobody can tell which one it is, since when, or for which Node.
    """
    own, status = identity(item), table(item.get("status"))
    metadata = table(item["metadata"])
    node = text(table(item.get("spec")).get("nodeName"))
    if not node:
        raise UnviewableError("it is for no Node")
    created_at = moment(metadata.get("creationTimestamp"))
    running = _condition(status, "ContainersReady")
    ended = text(status.get("phase")) in ("Failed", "Succeeded")
    changes = (running.get("lastTransitionTime"), metadata.get("deletionTimestamp"))
    changed_at = max([created_at, *(moment(each) for each in changes if each is not None)])
    agent = AgentView(
        name=own.name,
        uid=own.uid,
        revision=labels_of(item).get(REVISION_HASH, ""),
        ready=running.get("status") == "True",
        deleting=ended or "deletionTimestamp" in metadata,
        created_at=created_at,
        changed_at=changed_at,
    )
    return AgentPod(_owners(item), node, agent)


def node_images(wanted: frozenset[str], node: Json) -> NodeImages:
    """What a Node has of some images.

    Raises:
        UnviewableError: nobody can tell which Node it is.
    """
    repositories = {repository_of(image) for image in wanted}
    sizes: dict[str, int] = {}
    largest = 0
    for image in rows(table(node.get("status")).get("images")):
        given, size = image.get("names"), whole(image.get("sizeBytes")) or 0
        known_as = [text(name) for name in given] if isinstance(given, list) else []
        sizes |= {name: size for name in wanted if _is_among(name, known_as)}
        if any(_is_among(name, map(repository_of, known_as)) for name in repositories):
            largest = max(largest, size)
    return NodeImages(identity(node).name, sizes, largest)


def bytes_to_fetch(images: Iterable[str], nodes: Sequence[NodeImages]) -> dict[str, int]:
    """What each Node has yet to get, where it lacks anything.

    How large an image is that a Node lacks is known from another one that has it; else it is taken
    to be as large as the largest of its repository.
    """
    largest = max((each.largest for each in nodes), default=0) or ASSUMED_BYTES
    sizes = {
        image: max((each.sizes[image] for each in nodes if image in each.sizes), default=largest)
        for image in images
    }
    missing = {
        each.node: sum(size for image, size in sizes.items() if image not in each.sizes)
        for each in nodes
    }
    return {node: size for node, size in missing.items() if size}


def repository_of(image: str) -> str:
    """An image's name without tag or digest."""
    name = image.partition("@")[0]
    path, colon, tag = name.rpartition(":")
    return path if colon and "/" not in tag else name


def _is_among(name: str, full_names: Iterable[str]) -> bool:
    """A Node names images in full: ``docker.io/library/busybox`` for ``busybox``."""
    return any(full == name or full.endswith(f"/{name}") for full in full_names)


def _owners(item: Json) -> frozenset[str]:
    references = rows(table(item.get("metadata")).get("ownerReferences"))
    return frozenset(text(owner.get("uid")) for owner in references)


def _condition(status: Json, type_: str) -> Json:
    return next((row for row in rows(status.get("conditions")) if row.get("type") == type_), {})
