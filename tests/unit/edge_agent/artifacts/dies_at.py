"""Downloads one artifact and kills itself at a given point on the way.

Run as: dies_at.py DIRECTORY URI SHA256 SIZE POINT. The points are every time that Python is about
to open, make, rename or remove something in the cache's directory, in the order in which they
come (its audit events); 0 is the first. Without so many points it ends as usual.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from perigee_api.heartbeat import AssignedArtifact
from perigee_edge.artifacts.download import download, http_client
from perigee_edge.artifacts.store import ArtifactStore

TOUCHES_A_FILE = {"open", "os.mkdir", "os.rename", "os.remove"}


def die_at(point: int, directory: Path) -> None:
    """Arm the trap."""
    points = iter(range(point + 1))

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in TOUCHES_A_FILE and str(arguments[0]).startswith(str(directory)):
            next_point = next(points, None)
            if next_point == point:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


async def main(directory: Path, uri: str, sha256: str, size: int) -> None:
    """Download, as the agent does."""
    store = ArtifactStore(directory)
    store.prepare()
    artifact = AssignedArtifact(sha256=sha256, uri=uri, size=size)
    async with http_client() as client:
        await download(artifact, store, client, lambda _: True)


if __name__ == "__main__":
    directory, uri, sha256, size, point = sys.argv[1:]
    die_at(int(point), Path(directory))
    asyncio.run(main(Path(directory), uri, sha256, int(size)))
