"""The scheduler on paper: a Node for every Pod that has none, or a word on why there is none."""

from collections import Counter
from functools import partial

from kubernetes.utils import parse_quantity

from paper_fleet.api_server import ApiServer, Item
from paper_fleet.controllers import NO_SCHEDULE, is_live, pod_key, pods_on
from paper_fleet.fitting import repels, selects, tolerates
from perigee_operator.domain import kinds

SCHEDULED = "PodScheduled"


def schedule(api: ApiServer) -> None:
    """Gives a Node to every Pod that has none, where one fits: the emptiest, then by name."""
    for pod in api.items(kinds.POD):
        if "nodeName" in pod["spec"] or not is_live(pod):
            continue
        nodes = api.items(kinds.NODE)
        refusals = [_refusal(api, node, pod) for node in nodes]
        fitting = [node for node, refusal in zip(nodes, refusals, strict=True) if refusal is None]
        if fitting:
            chosen = min(fitting, key=lambda n: len(pods_on(api, n)))["metadata"]["name"]
            api.change(pod_key(pod), partial(_bind, node=chosen))
        else:
            api.change(pod_key(pod), partial(_tell, message=_told(refusals)))


def _refusal(api: ApiServer, node: Item, pod: Item) -> str | None:
    """Why a Pod may not come to a Node, in the words of upstream's plugins, in their order."""
    if not tolerates(pod["spec"], node, NO_SCHEDULE):
        return "node(s) had untolerated taint(s)"
    if not selects(pod["spec"], node):
        return "node(s) didn't match Pod's node affinity/selector"
    if repels(pod, pods_on(api, node)):
        return "node(s) didn't match pod anti-affinity rules"
    for name, wanted in _requests(pod).items():
        held = node["status"].get("allocatable")
        taken = sum(_requests(each)[name] for each in pods_on(api, node) if is_live(each))
        if held is not None and wanted > parse_quantity(held.get(name, "0")) - taken:
            return f"Insufficient {name}"
    return None


def _requests(pod: Item) -> Counter[str]:
    total = Counter[str]()
    for container in pod["spec"]["containers"]:
        for name, quantity in container.get("resources", {}).get("requests", {}).items():
            total[name] += parse_quantity(quantity)
    return total


def _told(refusals: list[str | None]) -> str:
    counts = sorted(f"{count} {refusal}" for refusal, count in Counter(refusals).items())
    none = f"0/{len(refusals)} nodes are available"
    return f"{none}: {', '.join(counts)}. preemption: {none}: not played." if counts else none


def _bind(pod: Item, node: str) -> None:
    pod["spec"]["nodeName"] = node
    pod["status"]["conditions"] = [{"type": SCHEDULED, "status": "True"}]


def _tell(pod: Item, message: str) -> None:
    pod["status"]["conditions"] = [
        {"type": SCHEDULED, "status": "False", "reason": "Unschedulable", "message": message}
    ]
