"""Calls of the API server as one of the chart's service accounts."""

from dataclasses import dataclass
from typing import Any, Final

import httpx

from installed.objects import ACCOUNTS

MERGE: Final = "merge-patch+json"
APPLY: Final = "apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who holds a token."""

    server: httpx.Client
    """Shows no certificate."""
    token: str

    def __call__(
        self, method: str, path: str, body: dict[str, Any], kind: str = "json"
    ) -> httpx.Response:
        """The API server's answer, whatever it is."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": f"application/{kind}",
        }
        return self.server.request(method, path, json=body, headers=headers)


def token(admin: httpx.Client, account: str, pod: dict[str, Any] | None = None) -> str:
    """Of a service account; bound to a Pod, as the kubelet asks for it, or to nothing."""
    spec: dict[str, Any] = {"expirationSeconds": 600}
    if pod is not None:
        spec["boundObjectRef"] = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": pod["metadata"]["name"],
            "uid": pod["metadata"]["uid"],
        }
    answer = admin.post(f"{ACCOUNTS}/{account}/token", json={"spec": spec})
    text: str = answer.raise_for_status().json()["status"]["token"]
    return text
