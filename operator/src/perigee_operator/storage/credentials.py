"""How the API server is reached, and as whom."""

import os
from pathlib import Path
from typing import Final

from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config
from yaml import YAMLError

from perigee_operator.storage.errors import ConfigurationError

IN_CLUSTER_VARIABLE: Final = "KUBERNETES_SERVICE_HOST"
"""Set by the kubelet in every container, as is KUBERNETES_SERVICE_PORT."""

NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Put into every container by the kubelet."""

UNUSABLE: Final = (
    ConfigException,
    OSError,
    ValueError,
    YAMLError,
    # How the library fails on YAML of another shape.
    AttributeError,
    LookupError,
    TypeError,
)


def in_cluster_server() -> str:
    """The API server's URL, by address, as the kubelet tells it to every container."""
    host, port = os.environ[IN_CLUSTER_VARIABLE], os.environ["KUBERNETES_SERVICE_PORT"]
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def own_namespace() -> str | None:
    """The namespace of this Pod; None outside of a cluster."""
    if not os.environ.get(IN_CLUSTER_VARIABLE):
        return None
    try:
        return NAMESPACE_FILE.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


async def load_configuration(kubeconfig: Path | None = None) -> Configuration:
    """The configuration of `kubeconfig`, else of the Pod's service account, else the user's own.

    The user's own is what ``KUBECONFIG`` names, or ``~/.kube/config``. A service account's token
    is read again every minute, as it is replaced about every hour.

    Raises:
        ConfigurationError: none of them can be used.
    """
    configuration = Configuration()
    in_cluster = kubeconfig is None and bool(os.environ.get(IN_CLUSTER_VARIABLE))
    where = None if kubeconfig is None else str(kubeconfig)
    try:
        if in_cluster:
            load_incluster_config(configuration)
        else:
            await load_kube_config(config_file=where, client_configuration=configuration)
    except UNUSABLE as error:
        source = "the service account" if in_cluster else f"kubeconfig {where or _own()}"
        message = f"{source} cannot be used: {' '.join(str(error).split())}"
        raise ConfigurationError(message) from error
    return configuration


def _own() -> str:
    return os.environ.get("KUBECONFIG", "~/.kube/config")
