"""The scene, masked by the satellites and drawn."""

import asyncio
from pathlib import Path
from typing import Any, Final

import numpy as np

from perigee_demo.artifacts.network import shipped_network
from perigee_demo.cluster import Cluster
from perigee_demo.inference.call import inference_client
from perigee_demo.inference.endpoints import EndpointDirectory
from perigee_demo.scene.clouds import with_clouds
from perigee_demo.scene.picture import Panel, write_picture
from perigee_demo.scene.served import served_mask
from perigee_demo.scene.source import read_scene

ENDPOINTS_WITHIN_S: Final = 30.0


async def mask_scene(
    model: str, namespace: str, picture: Path, masks: Path | None
) -> dict[str, Any]:
    """Has the scene masked as it is and under simulated clouds.

    Returns:
        Who answered with which revision.

    Raises:
        NotServedError: a tile was not answered.
        TimeoutError: the API server did not tell the Service's endpoints.
    """
    network = shipped_network()
    clear = read_scene()
    clouded = with_clouds(clear)
    async with Cluster.connect() as cluster, inference_client() as http:
        directory = EndpointDirectory()
        following = asyncio.create_task(directory.run(cluster, namespace, model))
        try:
            async with asyncio.timeout(ENDPOINTS_WITHIN_S):
                await directory.known.wait()
        finally:
            following.cancel()
        endpoints = directory.endpoints
        results = [
            await served_mask(http, endpoints, model, scene, network) for scene in (clear, clouded)
        ]
    satellites = sorted({name for result in results for name in result.satellites})
    revisions = sorted({name for result in results for name in result.revisions})
    write_picture(
        picture,
        [
            Panel("Sentinel-2 scene, true colour", clear, results[0].mask),
            Panel("The same scene under simulated clouds", clouded, results[1].mask),
        ],
        "Cloud masks, computed on board",
        f"computed on {', '.join(satellites)}",
    )
    if masks is not None:
        np.savez_compressed(masks, clear=results[0].mask, clouded=results[1].mask)
    return {"satellites": satellites, "revisions": revisions, "picture": str(picture)}
