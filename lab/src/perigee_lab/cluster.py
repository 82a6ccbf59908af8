"""What the lab asks the cluster itself, through kubectl as any user would."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perigee_lab.commands import run
from perigee_lab.errors import LabError


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster that a lab runs, seen from the host."""

    kubectl: Path
    kubeconfig: Path

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl and give what it printed.

        Raises:
            LabError: it failed.
        """
        return run([str(self.kubectl), f"--kubeconfig={self.kubeconfig}", *arguments], stdin=stdin)

    def is_ready(self) -> bool:
        """Whether the API server answers and its own start is complete."""
        try:
            return self.run("get", "--raw=/readyz", "--request-timeout=2s").strip() == "ok"
        except LabError:
            return False

    def is_controlled(self) -> bool:
        """Whether the controllers are at work: they have made the first ServiceAccount."""
        try:
            self.run("get", "serviceaccount", "default", "--namespace=default")
        except LabError:
            return False
        return True

    def nodes(self) -> dict[str, dict[str, Any]]:
        """All Node objects by name."""
        answer = json.loads(self.run("get", "nodes", "--output=json", "--request-timeout=5s"))
        return {item["metadata"]["name"]: item for item in answer["items"]}

    def apply(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Apply objects as they are."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.run("apply", "--filename=-", stdin=json.dumps(items))

    def patch_node(self, node: str, patch: Mapping[str, Any], subresource: str = "") -> None:
        """Merge a patch into a Node, or into its status."""
        which = [f"--subresource={subresource}"] if subresource else []
        self.run("patch", "node", node, "--type=merge", f"--patch={json.dumps(patch)}", *which)


def is_ready(node: Mapping[str, Any], since: dt.datetime | None = None) -> bool:
    """Whether a Node is Ready, by word of its kubelet at or after `since` (whole seconds count)."""
    for condition in node.get("status", {}).get("conditions", ()):
        if condition["type"] == "Ready":
            heard = dt.datetime.fromisoformat(condition["lastHeartbeatTime"])
            recent = since is None or heard >= since.replace(microsecond=0)
            return bool(condition["status"] == "True" and recent)
    return False
