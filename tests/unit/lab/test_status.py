from dataclasses import replace

import pytest
from rich.console import Console

from perigee_lab import tables
from perigee_lab.status import NodeStatus, Status

NODE = NodeStatus(
    name="sat-1",
    on=True,
    ready=True,
    link_up=True,
    kbit_s=256,
    components={"kubelet": True, "proxy": True},
    memory_bytes=64 * 2**20,
)
STATUS = Status(
    name="lab",
    directory="/d",
    kubeconfig="/d/kubeconfig",
    server="https://127.0.0.1:1",
    api_ready=True,
    forwarder=True,
    nodes=[NODE],
)
OFF = NodeStatus(
    name="sat-1",
    on=False,
    ready=None,
    link_up=None,
    kbit_s=None,
    components={"kubelet": False},
    memory_bytes=None,
)


@pytest.mark.parametrize(
    ("status", "healthy"),
    [
        (STATUS, True),
        (replace(STATUS, nodes=[replace(NODE, link_up=False, ready=False)]), True),
        (replace(STATUS, api_ready=False), False),
        (replace(STATUS, forwarder=False), False),
        (replace(STATUS, nodes=[replace(NODE, on=False)]), False),
        (replace(STATUS, nodes=[replace(NODE, components={"kubelet": False})]), False),
    ],
)
def test_a_dark_satellite_is_healthy_and_a_dead_program_is_not(
    status: Status, *, healthy: bool
) -> None:
    assert status.healthy is healthy


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (NODE, "sat-1 on up, 256 kbit/s yes - 64 MiB"),
        (replace(NODE, link_up=False, kbit_s=None, ready=False), "sat-1 on cut no - 64 MiB"),
        (OFF, "sat-1 off - - kubelet -"),
    ],
)
def test_a_row_tells_it_in_words(node: NodeStatus, expected: str) -> None:
    console = Console(width=200)
    with console.capture() as printed:
        console.print(tables.nodes(replace(STATUS, nodes=[node])))
    assert " ".join(printed.get().splitlines()[-1].split()) == expected


def test_the_headline_says_what_is_wrong() -> None:
    assert "answers at https://127.0.0.1:1" in tables.headline(STATUS).plain
    assert "does not answer" in tables.headline(replace(STATUS, api_ready=False)).plain
    assert "cannot be reached" in tables.headline(replace(STATUS, forwarder=False)).plain
