"""The mask of a scene as satellites compute it."""

import asyncio
from dataclasses import dataclass

import httpx
import numpy as np
from numpy.typing import NDArray

from perigee_demo.artifacts.network import Network
from perigee_demo.inference.call import Reply, call
from perigee_demo.inference.endpoints import Endpoint, choose
from perigee_demo.inference.open_inference import encode
from perigee_demo.scene.tiles import mask_of, tiles_of


class NotServedError(Exception):
    """A tile was not answered, so there is no mask."""


@dataclass(frozen=True, slots=True)
class ServedMask:
    """A mask, and whose work it is."""

    mask: NDArray[np.uint8]
    """``[rows, columns]``"""
    satellites: tuple[str, ...]
    revisions: tuple[str, ...]


async def served_mask(
    http: httpx.AsyncClient,
    endpoints: tuple[Endpoint, ...],
    model: str,
    reflectance: NDArray[np.float32],
    network: Network,
) -> ServedMask:
    """Sends each tile of a scene to a satellite, by turns, and puts the answers together.

    Raises:
        NotServedError: a tile was refused or not answered by two satellites.
    """

    async def ask(turn: int, tile: NDArray[np.float32]) -> Reply:
        request = encode(model, tile[np.newaxis])
        return await call(http, lambda tried: choose(endpoints, turn, tried), request)

    tiles = tiles_of(reflectance, network)
    replies = await asyncio.gather(*(ask(turn, tile) for turn, tile in enumerate(tiles)))
    logits, satellites, revisions = [], set(), set()
    for number, reply in enumerate(replies):
        if reply.answer is None or reply.endpoint is None:
            raise NotServedError(f"tile {number} of {len(tiles)}: {'; then '.join(reply.errors)}")
        logits.append(reply.answer.output)
        satellites.add(reply.endpoint.node)
        revisions.add(reply.answer.revision)
    rows, columns = reflectance.shape[:2]
    mask = mask_of(np.concatenate(logits), rows, columns)
    return ServedMask(mask, tuple(sorted(satellites)), tuple(sorted(revisions)))
