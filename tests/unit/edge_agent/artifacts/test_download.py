import asyncio
import gzip
import os
import resource
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from perigee_api.heartbeat import AssignedArtifact
from perigee_edge.artifacts.download import address, download, http_client
from perigee_edge.artifacts.failures import (
    FailureReason,
    Interrupted,
    PiecesMismatch,
    Rejected,
    Superseded,
)
from perigee_edge.artifacts.store import ArtifactStore


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path / "artifacts")
    store.prepare()
    return store


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client() as client:
        yield client


def go_on(_fetched_bytes: int) -> bool:
    return True


def names(store: ArtifactStore) -> set[str]:
    """Every file in the cache, relative to its directory."""
    return {
        str(path.relative_to(store.directory))
        for path in store.directory.rglob("*")
        if path.is_file()
    }


async def test_a_file_comes_whole_verified_and_readable_by_all(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    told: list[int] = []

    def proceed(fetched_bytes: int) -> bool:
        told.append(fetched_bytes)
        return True

    await download(artifact, store, client, proceed)
    path = store.path(artifact.sha256)
    assert path.read_bytes() == depot.content
    assert path.stat().st_mode & 0o777 == 0o644
    assert names(store) == {artifact.sha256}
    assert told == sorted(told)
    assert told[-1] == artifact.size
    assert depot.requests[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize("cut", [0, 1, 65536, 300_001, 1_048_584])
async def test_a_cut_download_is_continued_where_it_was_cut(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient, cut: int
) -> None:
    artifact = depot.artifact()
    depot.cuts = [cut]
    with pytest.raises(Interrupted):
        await download(artifact, store, client, go_on)
    assert store.partial_bytes(artifact.sha256) == cut
    await download(artifact, store, client, go_on)
    assert store.path(artifact.sha256).read_bytes() == depot.content
    assert depot.body_bytes == artifact.size
    if cut:
        assert depot.requests[1]["range"] == f"bytes={cut}-"
        assert depot.requests[1]["if-range"] == '"v1"'


async def test_many_cuts_cost_no_byte_twice(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    depot.cuts = [100_000] * 10
    for _ in range(10):
        with pytest.raises(Interrupted):
            await download(artifact, store, client, go_on)
    await download(artifact, store, client, go_on)
    assert depot.body_bytes == artifact.size


async def test_a_server_without_ranges_sends_it_all_again(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    depot.knows_ranges, depot.cuts = False, [500_000]
    artifact = depot.artifact()
    with pytest.raises(Interrupted):
        await download(artifact, store, client, go_on)
    await download(artifact, store, client, go_on)
    assert store.path(artifact.sha256).read_bytes() == depot.content


async def test_a_file_that_was_put_right_meanwhile_is_fetched_from_its_start(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact, right = depot.artifact(), depot.content
    depot.content, depot.cuts = bytes(len(right)), [500_000]
    with pytest.raises(Interrupted):
        await download(artifact, store, client, go_on)
    depot.content, depot.etag = right, '"v2"'
    await download(artifact, store, client, go_on)
    assert store.path(artifact.sha256).read_bytes() == right


async def test_a_server_that_continues_another_file_is_noticed_by_its_etag(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact, right = depot.artifact(), depot.content
    depot.content, depot.cuts, depot.knows_if_range = bytes(len(right)), [500_000], False
    with pytest.raises(Interrupted):
        await download(artifact, store, client, go_on)
    depot.content, depot.etag = right, '"v2"'
    with pytest.raises(Interrupted, match="changed"):
        await download(artifact, store, client, go_on)
    await download(artifact, store, client, go_on)
    assert store.path(artifact.sha256).read_bytes() == right


async def test_pieces_of_two_files_are_never_taken_for_one(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact, right = depot.artifact(), depot.content
    depot.content, depot.cuts, depot.etag = bytes(len(right)), [500_000], None
    with pytest.raises(Interrupted):
        await download(artifact, store, client, go_on)
    depot.content = right
    with pytest.raises(PiecesMismatch):
        await download(artifact, store, client, go_on)
    assert names(store) == set()
    await download(artifact, store, client, go_on)
    assert store.path(artifact.sha256).read_bytes() == right


async def test_a_wrong_file_is_refused_and_nothing_of_it_stays(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    depot.content = depot.content[:-1] + b"X"
    with pytest.raises(Rejected) as raised:
        await download(artifact, store, client, go_on)
    assert raised.value.reason is FailureReason.DIGEST_MISMATCH
    assert names(store) == set()


@pytest.mark.parametrize("tells_length", [True, False])
async def test_a_file_that_is_too_long_is_not_fetched_beyond_its_size(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient, *, tells_length: bool
) -> None:
    artifact = depot.artifact()
    depot.content, depot.tells_length = depot.content * 50, tells_length
    with pytest.raises(Rejected) as raised:
        await download(artifact, store, client, go_on)
    assert raised.value.reason is FailureReason.SIZE_MISMATCH
    assert names(store) == set()


async def test_a_file_that_is_too_short_is_refused_before_its_first_byte(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    depot.content = depot.content[:-1]
    with pytest.raises(Rejected) as raised:
        await download(artifact, store, client, go_on)
    assert raised.value.reason is FailureReason.SIZE_MISMATCH
    assert names(store) == set()


async def test_a_body_of_unknown_length_that_ends_early_is_an_interruption(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    depot.tells_length, depot.cuts = False, [500_000]
    with pytest.raises(Interrupted, match="early"):
        await download(artifact, store, client, go_on)
    await download(artifact, store, client, go_on)
    assert depot.body_bytes == artifact.size


async def test_a_partial_file_beyond_the_size_is_dropped(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    store.append(artifact.sha256, bytes(artifact.size + 1))
    await download(artifact, store, client, go_on)
    assert store.path(artifact.sha256).read_bytes() == depot.content


async def test_a_complete_partial_file_needs_no_server(
    store: ArtifactStore, client: httpx.AsyncClient, depot: Any
) -> None:
    artifact = depot.artifact()
    store.append(artifact.sha256, depot.content)
    await download(artifact, store, client, go_on)
    assert store.path(artifact.sha256).read_bytes() == depot.content
    assert depot.requests == []


async def test_a_server_whose_file_shrank_says_416(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    depot.cuts, depot.etag = [500_000], None
    with pytest.raises(Interrupted):
        await download(artifact, store, client, go_on)
    depot.content = depot.content[:400_000]
    with pytest.raises(Rejected) as raised:
        await download(artifact, store, client, go_on)
    assert raised.value.reason is FailureReason.SIZE_MISMATCH
    assert names(store) == set()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, FailureReason.NOT_FOUND), (410, FailureReason.NOT_FOUND), (403, FailureReason.REFUSED)],
)
async def test_what_the_server_says_no_to_can_be_had_once_it_says_yes(
    depot: Any,
    store: ArtifactStore,
    client: httpx.AsyncClient,
    status: int,
    reason: FailureReason,
) -> None:
    depot.cuts, depot.statuses = [500_000], []
    artifact = depot.artifact()
    with pytest.raises(Interrupted):
        await download(artifact, store, client, go_on)
    depot.statuses = [status]
    with pytest.raises(Rejected) as raised:
        await download(artifact, store, client, go_on)
    assert raised.value.reason is reason
    await download(artifact, store, client, go_on)
    assert depot.body_bytes == artifact.size


async def test_a_redirect_is_followed_with_the_range(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    depot.cuts = [500_000]
    with pytest.raises(Interrupted):
        await download(artifact, store, client, go_on)
    depot.statuses, depot.extra_headers = [302], ["location: /elsewhere"]
    await download(artifact, store, client, go_on)
    assert depot.requests[2][""] == "GET /elsewhere HTTP/1.1"
    assert depot.requests[2]["range"] == "bytes=500000-"


async def test_endless_redirects_are_refused(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    depot.statuses, depot.extra_headers = [302] * 100, ["location: /elsewhere"]
    with pytest.raises(Rejected) as raised:
        await download(depot.artifact(), store, client, go_on)
    assert raised.value.reason is FailureReason.REFUSED
    assert len(depot.requests) < 10


async def test_a_compressed_answer_is_refused(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    depot.content, depot.extra_headers = gzip.compress(depot.content), ["content-encoding: gzip"]
    with pytest.raises(Rejected, match="gzip") as raised:
        await download(artifact, store, client, go_on)
    assert raised.value.reason is FailureReason.REFUSED


async def test_what_is_not_wanted_any_more_stops_and_keeps_what_came(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    artifact = depot.artifact()
    with pytest.raises(Superseded):
        await download(artifact, store, client, lambda count: count < 500_000)
    came = store.partial_bytes(artifact.sha256)
    assert came >= 500_000
    await download(artifact, store, client, go_on)
    assert int(depot.requests[1]["range"].removeprefix("bytes=").removesuffix("-")) == came


@pytest.mark.parametrize(
    ("uri", "outcome"),
    [
        ("file:///etc/passwd", Rejected),
        ("ftp://127.0.0.1/x", Rejected),
        ("no address at all", Rejected),
        ("", Rejected),
        ("http://", Rejected),
        ("http://[::1", Rejected),
        ("http://127.0.0.1:99999/x", Rejected),
        ("http://" + "a" * 64 + ".example/x", Interrupted),
        ("http://exa mple/x", Interrupted),
        ("http://\u2603.\ud83d/x", Rejected),
        ("http://127.0.0.1/\x00", Rejected),
        ("http://127.0.0.1:1/x", Interrupted),
    ],
)
async def test_no_address_is_too_strange(
    store: ArtifactStore,
    client: httpx.AsyncClient,
    uri: str,
    outcome: type[Rejected | Interrupted],
) -> None:
    artifact = AssignedArtifact.model_construct(sha256="a" * 64, uri=uri, size=10)
    with pytest.raises(outcome):
        await download(artifact, store, client, go_on)
    address(uri)


async def test_nor_is_one_that_a_redirect_leads_to(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    depot.statuses, depot.extra_headers = [302], ["location: http://127.0.0.1:99999/x"]
    with pytest.raises(Rejected, match="99999"):
        await download(depot.artifact(), store, client, go_on)


async def test_a_server_that_does_not_take_the_connection_is_given_up_after_two_seconds(
    store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(("127.0.0.1", port))
        artifact = AssignedArtifact(sha256="a" * 64, uri=f"http://127.0.0.1:{port}/", size=10)
        assert client.timeout.connect == 2
        begun = asyncio.get_running_loop().time()
        with pytest.raises(Interrupted, match="Timeout"):
            await download(artifact, store, client, go_on)
        assert asyncio.get_running_loop().time() - begun > 1.5
        for one in waiting:
            one.close()


@pytest.fixture
def files_of_at_most_512_kib() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512 * 1024, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("files_of_at_most_512_kib")
async def test_a_file_that_may_not_grow_gives_its_room_back(
    depot: Any, store: ArtifactStore, client: httpx.AsyncClient
) -> None:
    with pytest.raises(Rejected) as raised:
        await download(depot.artifact(), store, client, go_on)
    assert raised.value.reason is FailureReason.NO_ROOM
    assert names(store) == set()


@pytest.fixture
def disk_of_one_mib(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("a disk of its own can be mounted by root only")
    yield disk
    subprocess.run(["/usr/bin/umount", str(disk)], check=True)  # noqa: S603


async def test_a_full_disk_leaves_nothing_behind_and_a_freed_one_takes_the_file(
    depot: Any, disk_of_one_mib: Path, client: httpx.AsyncClient
) -> None:
    store = ArtifactStore(disk_of_one_mib / "artifacts")
    store.prepare()
    ballast = disk_of_one_mib / "ballast"
    ballast.write_bytes(bytes(600 * 1024))
    small = depot.content[: 500 * 1024]
    depot.content = small
    artifact = depot.artifact()
    with pytest.raises(Rejected, match="No space left") as raised:
        await download(artifact, store, client, go_on)
    assert raised.value.reason is FailureReason.NO_ROOM
    assert names(store) == set()
    ballast.unlink()
    await download(artifact, store, client, go_on)
    assert store.path(artifact.sha256).read_bytes() == small


def test_an_address_is_shown_without_its_secrets() -> None:
    shown = address("https://user:password@depot.example:8443/a/b.onnx?signature=secret#x")
    assert shown == "https://depot.example:8443/a/b.onnx"
