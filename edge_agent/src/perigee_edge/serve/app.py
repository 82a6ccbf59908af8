"""The protocol's routes over HTTP. Nothing is decided here."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib.metadata import version as installed_version
from typing import Annotated, Any

import structlog
from fastapi import FastAPI, Path, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from perigee_edge.serve.body import BodyBudget, receive, too_large
from perigee_edge.serve.inference import Answer, answer
from perigee_edge.serve.metrics import Metrics
from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.protocol.metadata import model_metadata, server_metadata
from perigee_edge.serve.protocol.request import HEADER_LENGTH
from perigee_edge.serve.served_model import ServedModel
from perigee_edge.serve.settings import RequestLimits
from perigee_edge.serve.shadow.mirror import Mirror
from perigee_edge.serve.tensors import Tensors

_log = structlog.get_logger(__name__)

_CLIENT_CLOSED_REQUEST = 499
"""As nginx counts them; nobody is there to read it."""

Observe = Callable[[Tensors, Tensors], None]
"""Is told the inputs and outputs of each request that was answered; does not wait."""

Name = Annotated[str, Path(max_length=253)]


def create_app(
    model: ServedModel,
    limits: RequestLimits,
    metrics: Metrics,
    mirror: Mirror,
    observe: Observe | None = None,
) -> FastAPI:
    """The application that serves one model."""
    app = FastAPI(title="Perigee", docs_url=None, redoc_url=None, openapi_url=None)
    _add_errors(app)
    _add_server(app, model, metrics)
    _add_model(app, model)
    _add_inference(app, model, limits, metrics, mirror, observe)
    return app


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(RequestError)
    async def refused(_: Request, error: RequestError) -> Response:
        return _error(error)

    @app.exception_handler(HTTPException)
    async def no_route(_: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def failed(_: Request, _error: Exception) -> Response:
        return JSONResponse({"error": "the server failed"}, HTTPStatus.INTERNAL_SERVER_ERROR)


def _error(error: RequestError) -> Response:
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    return JSONResponse({"error": error.message}, error.status, headers)


def _add_server(app: FastAPI, model: ServedModel, metrics: Metrics) -> None:
    version = installed_version("perigee-edge")

    @app.get("/v2")
    async def server() -> dict[str, Any]:
        return server_metadata(version)

    @app.get("/v2/health/live")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/v2/health/ready")
    async def ready() -> Response:
        return _readiness(model, {})

    @app.get("/metrics")
    async def all_metrics() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _readiness(model: ServedModel, document: dict[str, Any]) -> Response:
    status = HTTPStatus.OK if model.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse({**document, "ready": model.ready}, status)


def _add_model(app: FastAPI, model: ServedModel) -> None:
    @app.get("/v2/models/{name}")
    @app.get("/v2/models/{name}/versions/{version}")
    async def metadata(name: Name, version: str | None = None) -> dict[str, Any]:
        model.check(name, version)
        session = model.running().session
        return model_metadata(
            model.name, model.revision, session.platform, session.inputs, session.outputs
        )

    @app.get("/v2/models/{name}/ready")
    @app.get("/v2/models/{name}/versions/{version}/ready")
    async def model_ready(name: Name, version: str | None = None) -> Response:
        model.check(name, version)
        return _readiness(model, {"name": model.name})


def _add_inference(  # noqa: PLR0913, PLR0917 - all that a request touches
    app: FastAPI,
    model: ServedModel,
    limits: RequestLimits,
    metrics: Metrics,
    mirror: Mirror,
    observe: Observe | None,
) -> None:
    budget = BodyBudget(limits.max_bodies_bytes)

    async def inferred(request: Request, name: str, version: str | None) -> Response:
        # All that can be refused without the body is refused before it is read.
        model.check(name, version)
        model.running()
        if int(request.headers.get("Content-Length", "0")) > limits.max_body_bytes:
            raise too_large(limits.max_body_bytes)
        coding = request.headers.get("Content-Encoding")
        with budget.share() as share:
            body = await receive(aiter(request.stream()), coding, share, limits)
            answered = await _unless_gone(
                request, answer(model, body, request.headers.get(HEADER_LENGTH), limits)
            )
        mirror.answered(answered.inputs, answered.outputs)
        if observe is not None:
            observe(answered.inputs, answered.outputs)
        encoded = answered.encoded
        return Response(b"".join(encoded.parts), headers=encoded.headers)

    @app.post("/v2/models/{name}/infer")
    @app.post("/v2/models/{name}/versions/{version}/infer")
    async def infer(request: Request, name: Name, version: str | None = None) -> Response:
        started = time.perf_counter()
        mirror.arrived()
        try:
            response = await inferred(request, name, version)
        except RequestError as error:
            response = _error(error)
            if error.status is HTTPStatus.INTERNAL_SERVER_ERROR:
                _log.error("inference failed", error=error.message)
        except ClientDisconnect:
            response = Response(status_code=_CLIENT_CLOSED_REQUEST)
        finally:
            # Whatever waits for this runs once the answer is on its way: nothing below waits.
            mirror.left()
        if model.draining:
            # The client's next request had better go elsewhere.
            response.headers["Connection"] = "close"
        metrics.request(response.status_code, time.perf_counter() - started)
        return response


async def _unless_gone(request: Request, work: Awaitable[Answer]) -> Answer:
    """Await the work, or cancel it when the client closes its connection.

    Raises:
        ClientDisconnect: It has.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(receive_message: Callable[[], Awaitable[Any]]) -> None:
    while (await receive_message())["type"] != "http.disconnect":
        pass
