import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_lab import addresses, network
from perigee_lab.state import Node

NODES = [Node("ground", 0), Node("sat-1", 1), Node("sat-2", 2)]


def test_a_satellite_reaches_the_others_pods_through_their_nodes() -> None:
    assert network.configuration(NODES, NODES[1]) == [
        "link set lo up",
        "addr replace 10.77.0.11/24 dev eth0",
        "link set eth0 up",
        "route replace default via 10.77.0.1",
        "route replace 10.88.0.0/24 via 10.77.0.1",
        "route replace 10.88.2.0/24 via 10.77.0.12",
    ]


def test_the_ground_holds_all_links_together() -> None:
    assert network.configuration(NODES, NODES[0]) == [
        "link set space address 02:50:45:52:49:47",
        "link set lo up",
        "addr replace 10.77.0.1/24 dev space",
        "link set space up",
        "route replace 10.96.0.0/16 dev space",
        "link set sat-1 master space",
        "link set sat-2 master space",
        "route replace 10.88.1.0/24 via 10.77.0.11",
        "route replace 10.88.2.0/24 via 10.77.0.12",
    ]


@given(st.integers(0, addresses.MOST_SATELLITES), st.integers(0, addresses.MOST_SATELLITES))
def test_every_node_has_addresses_of_its_own(one: int, other: int) -> None:
    node, pods = addresses.node(one), ipaddress.ip_network(addresses.pods(one))
    assert ipaddress.ip_address(node) in ipaddress.ip_network(addresses.NODE_CIDR)
    assert pods.subnet_of(ipaddress.ip_network(addresses.POD_CIDR))  # type: ignore[arg-type]
    if one != other:
        assert node != addresses.node(other)
        assert not pods.overlaps(ipaddress.ip_network(addresses.pods(other)))


def test_the_api_servers_service_is_the_first_of_all() -> None:
    services = ipaddress.ip_network(addresses.SERVICE_CIDR)
    assert ipaddress.ip_address(addresses.API_SERVICE) == services[1]


@pytest.mark.parametrize(
    ("kbit_s", "arguments"),
    [
        (256, "tbf rate 256kbit burst 4096b latency 400ms"),
        (100_000, "tbf rate 100000kbit burst 125000b latency 400ms"),
    ],
)
def test_buckets_hold_a_few_packets_or_a_hundredth_of_a_second(kbit_s: int, arguments: str) -> None:
    assert " ".join(network.token_bucket(kbit_s)) == arguments
