"""Keeps a copy of the agent's own image on board, for a boot that the ground does not see."""

import asyncio
import time
from pathlib import Path
from typing import Final, NoReturn

import structlog

from perigee_edge.standalone.roots import Image, Roots, TooLargeError

_log: Final = structlog.get_logger()
_RETRY_S: Final = 600.0
_NOT_PROVISIONED_S: Final = 10.0
_STILL_RUNNING_S: Final = 60.0
"""A keeper changes to the newer copy within seconds, unless it serves by itself."""


async def keep_root(
    directory: Path, *, most_bytes: int, reserve_bytes: int, check_every_s: float
) -> NoReturn:
    """Copy, verify, and clear away older copies, until cancelled.

    Where nobody has provisioned the satellite for it (the directory is not there), nothing is
    kept. What goes wrong is logged and tried again: the heartbeat goes on.

    Args:
        directory: Of all that is kept for serving alone.
        most_bytes: A larger image is not copied.
        reserve_bytes: So much of the disk stays free.
        check_every_s: The copy is read and verified so often.
    """
    roots = Roots(directory)
    while True:
        rest_s = check_every_s
        try:
            if not await asyncio.to_thread(directory.is_dir):
                rest_s = _NOT_PROVISIONED_S
            else:
                await asyncio.to_thread(_keep, roots, most_bytes, reserve_bytes)
                if await asyncio.to_thread(roots.remove_others):
                    rest_s = min(check_every_s, _STILL_RUNNING_S)
        except (OSError, TooLargeError) as error:
            _log.error("image_not_kept", message=str(error))
            rest_s = _RETRY_S
        await asyncio.sleep(rest_s)


def _keep(roots: Roots, most_bytes: int, reserve_bytes: int) -> None:
    before, begun_s = roots.current(), time.monotonic()
    image = Image.own()
    sha256 = roots.keep(image, most_bytes=most_bytes, reserve_bytes=reserve_bytes)
    _log.info(
        "image_kept" if sha256 != before else "image_verified",
        sha256=sha256,
        files=len(image.tree),
        bytes=image.size_bytes,
        seconds=round(time.monotonic() - begun_s, 3),
    )
