"""What a server tells of the requests that it has answered."""

import json
import socket
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from perigee_api.names import COUNTS_SOCKET
from perigee_edge.counted import CountedBlock

GOOD = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
POD = {"namespace": "default", "pod": "uid-1", "block_s": 0.2}


def infer(server: Any, document: Any) -> int:
    url = f"http://{server.address}/v2/models/m/infer"
    return httpx.post(url, content=json.dumps(document).encode(), timeout=60).status_code


@pytest.fixture
def hearing(artifacts: Any) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.settimeout(60)
        one.bind(str(artifacts.directory / Path(COUNTS_SOCKET).name))
        yield one


def heard(
    hearing: socket.socket, requests: int, passed_over: Collection[str] = ()
) -> list[CountedBlock]:
    """Blocks of so many requests together, of new runs; each is told again and again."""
    found: dict[int, CountedBlock] = {}
    while sum(block.counts.requests for block in found.values()) < requests:
        block = CountedBlock.model_validate_json(hearing.recv(8192))
        if block.run not in passed_over:
            found[block.sequence] = block
    return list(found.values())


def test_requests_are_counted_and_what_clients_did_wrong_is_not(
    serve: Any, artifacts: Any, hearing: socket.socket
) -> None:
    server = serve(artifacts.model(), **POD)
    assert [infer(server, GOOD) for _ in range(5)] == [200] * 5
    assert infer(server, {"inputs": []}) == 400
    blocks = heard(hearing, 5)
    assert sum(block.counts.requests for block in blocks) == 5
    assert sum(block.counts.errors for block in blocks) == 0
    assert {(b.model, b.pod, b.revision) for b in blocks} == {("default/m", "uid-1", "r1")}
    assert len({block.run for block in blocks}) == 1


def test_a_server_that_is_started_anew_counts_as_another_run(
    serve: Any, artifacts: Any, hearing: socket.socket
) -> None:
    digest = artifacts.model()
    runs: list[str] = []
    for _ in range(2):
        server = serve(digest, **POD)
        infer(server, GOOD)
        (block,) = heard(hearing, 1, runs)
        assert block.sequence == 0
        runs.append(block.run)
        server.close()


def test_without_an_agent_it_serves_all_the_same(serve: Any, artifacts: Any) -> None:
    server = serve(artifacts.model(), **POD)
    for _ in range(3):
        assert infer(server, GOOD) == 200
    assert server.metric('perigee_serve_requests_total{code="200"}') == 3


def test_samples_are_counted_beside_those_of_the_golden_set(
    serve: Any, artifacts: Any, hearing: socket.socket
) -> None:
    x = np.arange(40, dtype="f4").reshape(20, 2)
    golden = artifacts.golden(in_x=x, out_y=-x)
    metric = {"golden_metric": "maxAbsoluteError", "golden_threshold": 0}
    server = serve(artifacts.model(), golden=golden, **metric, **POD)
    assert [infer(server, GOOD) for _ in range(4)] == [200] * 4
    assert infer(server, {"inputs": []}) == 400
    found = [block.features for block in heard(hearing, 4)]
    assert all(each is not None and each.mean and each.mean.golden == (2,) * 10 for each in found)
    # All have the mean 1.5, as the second of the golden set's samples at most; the answer -1.5.
    assert sum(each.mean.live[0] for each in found if each and each.mean) == 4
    assert sum(each.score.live[-1] for each in found if each and each.score) == 4
    assert all(each is not None and each.deviation is None for each in found), "always 0.5"
