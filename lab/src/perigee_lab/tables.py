"""Status, for people to read."""

from rich.table import Table
from rich.text import Text

from perigee_lab.status import NodeStatus, Status

_MEBIBYTE = 2**20


def headline(status: Status) -> Text:
    """What holds for the lab as a whole."""
    answers = "answers" if status.api_ready else "does not answer"
    if not status.forwarder:
        answers = "cannot be reached from the host"
    server = f"lab {status.name}: the API server {answers} at {status.server}"
    return Text(f"{server}\nKUBECONFIG={status.kubeconfig}")


def nodes(status: Status) -> Table:
    """A row a node."""
    table = Table(box=None, pad_edge=False)
    for heading in ("NODE", "POWER", "LINK", "READY", "DEAD", "MEMORY"):
        table.add_column(heading, justify="right" if heading == "MEMORY" else "left")
    for node in status.nodes:
        table.add_row(*_row(node))
    return table


def _row(node: NodeStatus) -> tuple[str, ...]:
    dead = [name for name, alive in node.components.items() if not alive]
    return (
        node.name,
        "on" if node.on else "off",
        _link(node),
        {True: "yes", False: "no", None: "-"}[node.ready],
        ", ".join(dead) or "-",
        "-" if node.memory_bytes is None else f"{node.memory_bytes // _MEBIBYTE} MiB",
    )


def _link(node: NodeStatus) -> str:
    if node.link_up is None:
        return "-"
    limit = "" if node.kbit_s is None else f", {node.kbit_s} kbit/s"
    return ("up" if node.link_up else "cut") + limit
