"""The agents' DaemonSet on paper: without one, agents are there by themselves."""

from typing import Any

from paper_fleet.api_server import ApiServer, Item
from paper_fleet.controllers import template_labels
from perigee_api import names
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.storage.agents import REVISION_HASH

IMAGE_BYTES = 100_000_000
KEY = ObjectKey(kinds.DAEMON_SET, names.AGENT_DAEMON_SET, names.SYSTEM_NAMESPACE)


def is_of_agents(item: Item) -> bool:
    """Whether it is the DaemonSet, a revision of it or an agent's Pod."""
    labels: dict[str, str] = item["metadata"].get("labels", {})
    return names.AGENT_LABELS.items() <= labels.items()


def deploy(api: ApiServer, image: str) -> None:
    """Installs the chart with this image of the agent, or upgrades it."""
    template = {
        "metadata": {"labels": dict(names.AGENT_LABELS)},
        "spec": {
            "nodeSelector": {names.SATELLITE_LABEL: "true"},
            "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "agent", "image": image, "args": ["report"]}],
        },
    }
    spec: dict[str, Any] = {"updateStrategy": {"type": "OnDelete"}, "template": template}
    if api.get(KEY) is None:
        api.create(KEY, {"metadata": {"labels": dict(names.AGENT_LABELS)}, "spec": spec})
    else:
        api.change(KEY, lambda item: item.update(spec=spec))


def load(api: ApiServer, image: str) -> None:
    """Brings an image to all satellites, by whatever way."""
    known = {"names": [image], "sizeBytes": IMAGE_BYTES}
    for node in api.items(kinds.NODE):
        key = ObjectKey(kinds.NODE, node["metadata"]["name"])
        api.change(key, lambda item: item["status"].setdefault("images", []).append(known))


def keep_revisions(api: ApiServer) -> None:
    """As its controller does: the revision of the template as it is has the highest number."""
    daemon_set = api.get(KEY)
    if daemon_set is None:
        return
    labels = template_labels(daemon_set)
    key = ObjectKey(kinds.CONTROLLER_REVISION, f"{KEY.name}-{labels[REVISION_HASH]}", KEY.namespace)
    others = [i for i in api.items(kinds.CONTROLLER_REVISION) if is_of_agents(i)]
    newest = max((i["revision"] for i in others if i["metadata"]["name"] != key.name), default=0)
    if api.get(key) is None:
        owner = {"kind": "DaemonSet", "uid": daemon_set["metadata"]["uid"], "controller": True}
        metadata = {"labels": labels, "ownerReferences": [owner]}
        api.create(key, {"metadata": metadata, "revision": newest + 1})
    else:
        api.change(key, lambda item: item.update(revision=max(item["revision"], newest + 1)))
