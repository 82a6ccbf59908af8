"""Where a Service's requests may go, as its EndpointSlices say."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from perigee_demo.cluster import Cluster, Json

SERVICE_LABEL = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A Pod that answers."""

    address: str
    port: int
    node: str
    """Its satellite."""


def endpoints_of(slices: Iterable[Json]) -> tuple[Endpoint, ...]:
    """The ready endpoints of all slices of a Service, each once, in a fixed order."""
    return tuple(
        sorted(
            {
                Endpoint(address, port["port"], endpoint.get("nodeName", ""))
                for part in slices
                for endpoint in part.get("endpoints") or ()
                # As the API says: unknown counts as ready.
                if endpoint.get("conditions", {}).get("ready") is not False
                for address in endpoint["addresses"]
                for port in part.get("ports") or ()
            }
        )
    )


def choose(
    endpoints: tuple[Endpoint, ...], turn: int, tried: Endpoint | None = None
) -> Endpoint | None:
    """Whose turn it is, by turns; for a second try one with another address than the first."""
    others = [each for each in endpoints if tried is None or each.address != tried.address]
    return others[turn % len(others)] if others else None


class EndpointDirectory:
    """The endpoints of one Service, kept up to date while `run` runs."""

    def __init__(self) -> None:
        self.endpoints: tuple[Endpoint, ...] = ()
        self.known = asyncio.Event()
        """Set once the API server has told them for the first time."""

    async def run(self, cluster: Cluster, namespace: str, service: str) -> None:
        """Follows the EndpointSlices until cancelled.

        While the API server is away, what it said last is kept.
        """
        path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        async for slices in cluster.follow(path, labels=f"{SERVICE_LABEL}={service}"):
            self.endpoints = endpoints_of(slices)
            self.known.set()
