"""How kopf starts: its settings, and as whom it talks to the API server."""

import dataclasses
from typing import Any

import kopf

from perigee_operator.storage.credentials import in_cluster_server


def register(registry: kopf.OperatorRegistry) -> None:
    """Adds the handlers of the operator's own life."""

    @kopf.on.startup(registry=registry, id="configure")
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        # The planner announces transitions itself; an Event a handled event would drown them.
        settings.posting.enabled = False
        # The CRDs are installed before the operator, which ends without them.
        settings.scanning.disabled = True

    @kopf.on.login(registry=registry, id="log-in")
    async def log_in(**kwargs: Any) -> kopf.ConnectionInfo | None:
        account = kopf.login_with_service_account(**kwargs)
        if account is None:
            return kopf.login_with_kubeconfig(**kwargs)
        # kopf asks for kubernetes.default.svc, which needs a DNS that works.
        return dataclasses.replace(account, server=in_cluster_server())
