"""`python -m perigee_edge.worker`: as `perigee-edge serve`, beneath a supervisor.

By another name, so that it is told in a list of processes from a server that nobody supervises.
"""

import typer

from perigee_edge.serve.command import serve

if __name__ == "__main__":
    typer.run(serve)
