"""An API server that knows Leases only, over TLS on loopback."""

import asyncio
import datetime as dt
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from perigee_edge.report.lease import ApiServer

LEASES = "/apis/coordination.k8s.io/v1/namespaces/perigee-heartbeats/leases"


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


@dataclass
class FakeApiServer:
    directory: Path
    token: str = "first"
    leases: dict[str, Any] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse_with: int | None = None
    hang: asyncio.Event = field(default_factory=asyncio.Event)
    """Requests wait for it."""
    port: int = 0

    def __post_init__(self) -> None:
        self.hang.set()
        self.write_token()

    def write_token(self) -> None:
        (self.directory / "token").write_text(self.token + "\n")

    @property
    def server(self) -> ApiServer:
        return ApiServer(
            f"https://127.0.0.1:{self.port}", self.directory / "token", self.directory / "ca.crt"
        )

    async def answer(self, request: Request) -> Response:
        self.requests.append(request.method)
        await self.hang.wait()
        if request.headers["authorization"] != f"Bearer {self.token}":
            return JSONResponse({"kind": "Status", "code": 401}, 401)
        if self.refuse_with:
            return JSONResponse({"kind": "Status", "code": self.refuse_with}, self.refuse_with)
        body = json.loads(await request.body())
        if request.method == "POST":
            assert request.headers["content-type"] == "application/json"
            name = body["metadata"]["name"]
            status = 201
        else:
            assert request.headers["content-type"] == "application/merge-patch+json"
            name = request.path_params["name"]
            if name not in self.leases:
                return JSONResponse({"kind": "Status", "code": 404}, 404)
            status = 200
        self.leases[name] = merge(self.leases.get(name), body)
        return JSONResponse(self.leases[name], status)

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        """Serve on the same port each time."""
        routes = [
            Route(LEASES, self.answer, methods=["POST"]),
            Route(LEASES + "/{name}", self.answer, methods=["PATCH"]),
        ]
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            Starlette(routes=routes),
            ssl_certfile=self.directory / "ca.crt",
            ssl_keyfile=self.directory / "key",
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn announces it to nobody
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            server.should_exit = True
            await task
            listener.close()


def write_certificate(directory: Path) -> None:
    """A certificate for loopback that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "ca.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.fixture
def new_certificate() -> Callable[[Path], None]:
    """Replaces the certificate in a directory."""
    return write_certificate


@pytest.fixture
def api(tmp_path: Path) -> FakeApiServer:
    """Not up yet: see `FakeApiServer.up`."""
    directory = tmp_path / "api"
    directory.mkdir()
    write_certificate(directory)
    return FakeApiServer(directory)
