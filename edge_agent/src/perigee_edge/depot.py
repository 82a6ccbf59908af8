"""The command `perigee-edge depot`: artifacts over HTTP, for fleets without an object store."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles


def depot_app(directory: Path) -> FastAPI:
    """An application that serves the files under a directory: GET and HEAD, ranges, ETags.

    There are no listings, and links that lead out of the directory are not followed.
    """
    app = FastAPI(openapi_url=None)
    app.mount("/", StaticFiles(directory=directory))
    return app


def depot(
    directory: Annotated[
        Path,
        typer.Option(
            envvar="PERIGEE_DEPOT_DIRECTORY",
            help="Every file under it can be fetched by anybody who reaches the port.",
            exists=True,
            file_okay=False,
        ),
    ],
    port: Annotated[
        int, typer.Option(envvar="PERIGEE_DEPOT_PORT", help="TCP port, on every address.", min=1)
    ] = 8080,
) -> None:
    """Serve the files of a directory over HTTP, so that satellites can fetch artifacts from it.

    An InferenceModel's artifact at DIRECTORY/cloud-mask.onnx has the uri
    http://ADDRESS:PORT/cloud-mask.onnx. Downloads that a lost link interrupts are resumed. Any
    other HTTP server with Range requests, such as an object store, does as well.
    """
    uvicorn.run(depot_app(directory), host="0.0.0.0", port=port, access_log=False)  # noqa: S104 - a server
