"""The file that tells a client which API server to talk to, and as whom."""

import base64

import yaml

from perigee_lab.certificates import KeyPair


def kubeconfig(server: str, authority: str, user: KeyPair, name: str = "perigee-lab") -> str:
    """Text of a kubeconfig with everything in it.

    Args:
        server: URL of the API server.
        authority: certificate that the server's one is signed with, PEM.
        user: the client's certificate and key.
        name: of cluster, user and context: `kubectl config get-contexts` shows it.
    """
    cluster = {"server": server, "certificate-authority-data": _encoded(authority)}
    credentials = {
        "client-certificate-data": _encoded(user.public),
        "client-key-data": _encoded(user.private),
    }
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": credentials}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=False,
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
