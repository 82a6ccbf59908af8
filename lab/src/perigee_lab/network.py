"""The lab's network: a namespace for the ground and one for each satellite, and their links.

A satellite's link is a pair of virtual interfaces: `eth0` on board, and on the ground one that
bears the satellite's name and sits on the bridge `space`. A link is cut at the ground's end: taken
down on board it would lose its routes. Nothing is changed in the host's own namespace.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from perigee_lab import addresses, mounts
from perigee_lab.commands import run
from perigee_lab.state import Node, State

NAMESPACES: Final = Path("/run/netns")
BRIDGE: Final = "space"
ON_BOARD: Final = "eth0"

_QUEUE_MS: Final = 400
_LEAST_BURST_BYTES: Final = 4096
_BURSTS_PER_S: Final = 100


def namespace(lab: str, node: str) -> str:
    """Name of a node's network namespace, as `ip netns` lists it."""
    return f"{lab}-{node}"


def path(lab: str, node: str) -> Path:
    """File that stands for a node's network namespace."""
    return NAMESPACES / namespace(lab, node)


def enter(lab: str, node: str) -> list[str]:
    """What to put before a command so that it runs in a node's network.

    Not `ip netns exec`: that mounts a new /sys, which hides the control groups.
    """
    return ["nsenter", f"--net={path(lab, node)}", "--"]


def ensure(state: State) -> None:
    """Make what is missing of a lab's network, and bring links to the state they shall have."""
    for node in state.nodes:
        _ensure_namespace(state.name, node.name)
    ground = namespace(state.name, state.nodes[0].name)
    present = _interfaces(ground)
    if BRIDGE not in present:
        run(["ip", "-n", ground, "link", "add", BRIDGE, "type", "bridge"])
    for node in state.nodes:
        if node.is_satellite and node.name not in present:
            on_board = ["peer", "name", ON_BOARD, "netns", namespace(state.name, node.name)]
            run(["ip", "-n", ground, "link", "add", node.name, "type", "veth", *on_board])
    for node in state.nodes:
        batch = "\n".join(configuration(state.nodes, node))
        run(["ip", "-n", namespace(state.name, node.name), "-batch", "-"], stdin=batch)
    for node in state.nodes:
        if node.is_satellite:
            apply_link(state.name, node)


def configuration(nodes: Sequence[Node], node: Node) -> list[str]:
    """What `ip -batch` is told in a node's namespace. Said twice, it changes nothing."""
    own = ON_BOARD if node.is_satellite else BRIDGE
    lines = [
        "link set lo up",
        f"addr replace {addresses.node_with_prefix(node.index)} dev {own}",
        f"link set {own} up",
    ]
    if node.is_satellite:
        lines.append(f"route replace default via {addresses.node(0)}")
    else:
        # A bridge that was given none takes the lowest of its links', and another one as satellites
        # crash and boot: nobody would reach the ground until all have asked for it anew.
        lines.insert(0, f"link set {own} address {addresses.GROUND_HARDWARE}")
        # Services have addresses nowhere: without a route towards them the rules that send them on
        # are never asked.
        lines.append(f"route replace {addresses.SERVICE_CIDR} dev {BRIDGE}")
        lines += [f"link set {other.name} master {BRIDGE}" for other in nodes if other.is_satellite]
    lines += [
        f"route replace {addresses.pods(other.index)} via {addresses.node(other.index)}"
        for other in nodes
        if other.name != node.name
    ]
    return lines


def apply_link(lab: str, node: Node) -> None:
    """Cut or restore a satellite's link, and shape it, as its state says."""
    ground, satellite = namespace(lab, "ground"), namespace(lab, node.name)
    for where, interface in ((ground, node.name), (satellite, ON_BOARD)):
        _shape(where, interface, node.link.kbit_s)
    run(["ip", "-n", ground, "link", "set", node.name, "down" if node.link.cut else "up"])


def unplug(lab: str, node: str) -> None:
    """Take a satellite's link away, with both of its ends, if it is there.

    Removing the satellite's namespace is not enough: connections that were never closed keep it in
    the kernel, with the link in it, for another minute or two.
    """
    if link_is_up(lab, node) is not None:
        run(["ip", "-n", namespace(lab, "ground"), "link", "delete", node])


def link_is_up(lab: str, node: str) -> bool | None:
    """Whether the ground's end of a link is up; None where there is no link."""
    if not path(lab, "ground").exists():
        return None
    return _interfaces(namespace(lab, "ground")).get(node)


def remove(lab: str, nodes: Sequence[str]) -> None:
    """Remove namespaces with all that is in them. Their processes have ended."""
    for node in nodes:
        if path(lab, node).exists():
            # Unmounts and removes the file, and only removes it if it stands for nothing.
            run(["ip", "netns", "delete", namespace(lab, node)])


def remove_mount_of_namespaces() -> None:
    """Take away the mount that `ip netns add` makes once, if no namespace is left in it."""
    if mounts.is_mounted(NAMESPACES) and not any(NAMESPACES.iterdir()):
        run(["umount", NAMESPACES])
        NAMESPACES.rmdir()


def token_bucket(kbit_s: int) -> list[str]:
    """Arguments of tc's token bucket filter for a rate.

    The bucket holds a hundredth of a second, but a few packets at least; the queue holds
    `_QUEUE_MS` of traffic.
    """
    burst = max(_LEAST_BURST_BYTES, kbit_s * 1000 // 8 // _BURSTS_PER_S)
    return ["tbf", "rate", f"{kbit_s}kbit", "burst", f"{burst}b", "latency", f"{_QUEUE_MS}ms"]


def _ensure_namespace(lab: str, node: str) -> None:
    if not mounts.is_mounted(path(lab, node)):
        # After the machine has been started anew, the file can be there without the namespace.
        path(lab, node).unlink(missing_ok=True)
        run(["ip", "netns", "add", namespace(lab, node)])
    forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
    run([*enter(lab, node), "sh", "-c", forward])


def _interfaces(where: str) -> dict[str, bool]:
    links = json.loads(run(["ip", "-n", where, "-j", "link", "show"]) or "[]")
    return {link["ifname"]: "UP" in link["flags"] for link in links}


def _shape(where: str, interface: str, kbit_s: int | None) -> None:
    if kbit_s is not None:
        bucket = token_bucket(kbit_s)
        run(["tc", "-n", where, "qdisc", "replace", "dev", interface, "root", *bucket])
        return
    present = json.loads(run(["tc", "-n", where, "-j", "qdisc", "show", "dev", interface]) or "[]")
    if any(qdisc["kind"] == "tbf" for qdisc in present):
        run(["tc", "-n", where, "qdisc", "delete", "dev", interface, "root"])
