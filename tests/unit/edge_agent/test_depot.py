from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from perigee_edge.depot import depot_app

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    files = tmp_path / "files"
    (files / "models").mkdir(parents=True)
    (files / "models/cloud-mask.onnx").write_bytes(CONTENT)
    (tmp_path / "secret").write_text("secret")
    (files / "way-out").symlink_to(tmp_path / "secret")
    transport = httpx.ASGITransport(depot_app(files))
    async with httpx.AsyncClient(transport=transport, base_url="http://depot") as client:
        yield client


async def test_a_file_is_served_with_its_size_and_etag(client: httpx.AsyncClient) -> None:
    answer = await client.get("/models/cloud-mask.onnx")
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"].startswith('"')


async def test_head_says_the_same_without_the_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/models/cloud-mask.onnx")
    assert (answer.content, answer.headers["content-length"]) == (b"", str(len(CONTENT)))


async def test_the_rest_of_a_file_can_be_had_while_it_stays(
    client: httpx.AsyncClient,
) -> None:
    etag = (await client.head("/models/cloud-mask.onnx")).headers["etag"]
    headers = {"Range": "bytes=200000-", "If-Range": etag}
    answer = await client.get("/models/cloud-mask.onnx", headers=headers)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 200000-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert answer.content == CONTENT[200_000:]


async def test_a_file_that_has_changed_comes_whole(client: httpx.AsyncClient) -> None:
    headers = {"Range": "bytes=200000-", "If-Range": '"another"'}
    answer = await client.get("/models/cloud-mask.onnx", headers=headers)
    assert (answer.status_code, answer.content) == (200, CONTENT)


async def test_a_range_beyond_the_end_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/models/cloud-mask.onnx", headers={"Range": f"bytes={len(CONTENT)}-"}
    )
    assert answer.status_code == 416


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/models", "/absent", "/way-out", "/docs", "/openapi.json"),
        *("/%2e%2e/secret", "/models/..%2f..%2fsecret", "/%2fetc/passwd", "/models/%00"),
    ],
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_written(client: httpx.AsyncClient, method: str) -> None:
    assert (await client.request(method, "/models/cloud-mask.onnx")).status_code == 405
