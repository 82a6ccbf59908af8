import json

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from perigee_demo.artifacts.network import Network
from perigee_demo.inference.endpoints import Endpoint
from perigee_demo.inference.local import Infer
from perigee_demo.inference.open_inference import HEADER_LENGTH
from perigee_demo.scene.served import NotServedError, served_mask
from perigee_demo.scene.tiles import mask_of, tiles_of

ENDPOINTS = (Endpoint("10.0.0.1", 1, "sat-1"), Endpoint("10.0.0.2", 1, "sat-2"))


def satellite(stable: Infer) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        length = int(request.headers[HEADER_LENGTH])
        tensor = json.loads(request.content[:length])["inputs"][0]
        values = np.frombuffer(request.content[length:], dtype="<f4")
        logits = stable(values.reshape(tensor["shape"]))
        output = {"name": "output", "datatype": "FP32", "shape": list(logits.shape)}
        header = json.dumps(
            {"model_name": "cloud-mask", "model_version": "r1", "outputs": [output]}
        ).encode()
        return httpx.Response(
            200, content=header + logits.tobytes(), headers={HEADER_LENGTH: str(len(header))}
        )

    return httpx.MockTransport(answer)


async def test_the_mask_is_put_together_from_what_satellites_answer(
    clouded: NDArray[np.float32], network: Network, stable: Infer
) -> None:
    async with httpx.AsyncClient(transport=satellite(stable)) as http:
        result = await served_mask(http, ENDPOINTS, "cloud-mask", clouded, network)
    assert result.satellites == ("sat-1", "sat-2")
    assert result.revisions == ("r1",)
    np.testing.assert_array_equal(
        result.mask, mask_of(stable(tiles_of(clouded, network)), *clouded.shape[:2])
    )


async def test_a_tile_without_an_answer_is_no_mask(
    clouded: NDArray[np.float32], network: Network
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(503, text="not ready"))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(NotServedError, match=r"tile 0 of 4: sat-1.*503.*then sat-2"):
            await served_mask(http, ENDPOINTS, "cloud-mask", clouded, network)
