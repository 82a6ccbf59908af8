"""`python -m perigee_edge.serve`: as `perigee-edge serve`."""

import typer

from perigee_edge.serve.command import serve

typer.run(serve)
