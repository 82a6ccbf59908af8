"""The command `perigee-edge report`."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import structlog
import typer

from perigee_api.names import STATE_DIRECTORY
from perigee_edge.logs import LogFormat, configure_logs
from perigee_edge.report.agent import CacheInUseError, Settings, run_agent
from perigee_edge.report.lease import ApiServer

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def report(  # noqa: PLR0913 - one parameter an option
    node_name: Annotated[
        str, typer.Option(envvar="PERIGEE_REPORT_NODE_NAME", help="The Node that this agent is on.")
    ],
    *,
    state_directory: Annotated[
        Path,
        typer.Option(
            envvar="PERIGEE_REPORT_STATE_DIRECTORY",
            help="Holds artifacts/ and the last assignment. Must be writable.",
        ),
    ] = Path(STATE_DIRECTORY),
    heartbeat_interval_s: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_REPORT_HEARTBEAT_INTERVAL_S",
            help="Seconds between heartbeats until the ground assigns another interval.",
            min=0.5,
        ),
    ] = 10,
    cache_mib: Annotated[
        int,
        typer.Option(
            envvar="PERIGEE_REPORT_CACHE_MIB",
            help="All artifacts together take at most so much; assigned ones are never evicted.",
            min=1,
        ),
    ] = 4096,
    reserve_mib: Annotated[
        int,
        typer.Option(
            envvar="PERIGEE_REPORT_RESERVE_MIB",
            help="So much of the disk is left free for everybody else.",
            min=0,
        ),
    ] = 256,
    check_every_h: Annotated[
        float,
        typer.Option(
            envvar="PERIGEE_REPORT_CHECK_EVERY_H",
            help="Artifacts on board are read and verified at start and then so often, in hours.",
            min=0.01,
        ),
    ] = 24,
    image_mib: Annotated[
        int,
        typer.Option(
            envvar="PERIGEE_REPORT_IMAGE_MIB",
            help="On a satellite that is provisioned to serve by itself, a copy of the agent's"
            " image is kept on board if it is not larger.",
            min=0,
        ),
    ] = 1024,
    server: Annotated[
        str | None,
        typer.Option(
            envvar="PERIGEE_REPORT_SERVER",
            help="URL of the API server. Default: the one of the cluster that the agent runs in.",
        ),
    ] = None,
    token_file: Annotated[
        Path,
        typer.Option(
            envvar="PERIGEE_REPORT_TOKEN_FILE",
            help="Bearer token; read again for every heartbeat.",
        ),
    ] = _SERVICE_ACCOUNT / "token",
    ca_file: Annotated[
        Path,
        typer.Option(
            envvar="PERIGEE_REPORT_CA_FILE", help="Certificates that the API server is checked by."
        ),
    ] = _SERVICE_ACCOUNT / "ca.crt",
    log_format: Annotated[
        LogFormat, typer.Option(envvar="PERIGEE_REPORT_LOG_FORMAT", help="json, or console.")
    ] = LogFormat.JSON,
) -> None:
    """Renew the satellite's heartbeat and keep the artifacts that the ground assigns on board.

    Each heartbeat is one write to the Lease of the Node's name in the namespace
    perigee-heartbeats: it says which artifacts are on board and how the satellite is. The answer
    brings the assignment: which artifacts to keep. They are fetched over HTTP in pieces, verified
    by SHA-256, and stand in STATE_DIRECTORY/artifacts under their digest. Without the ground the
    agent goes on with the last assignment it heard, also after a reboot.
    """
    settings = Settings(
        node_name=node_name,
        state_directory=state_directory,
        server=ApiServer(server or _in_cluster_server(), token_file, ca_file),
        default_interval_s=heartbeat_interval_s,
        cache_bytes=cache_mib << 20,
        reserve_bytes=reserve_mib << 20,
        check_every_s=check_every_h * 3600,
        image_bytes=image_mib << 20,
    )
    configure_logs(log_format)
    try:
        asyncio.run(run_agent(settings))
    except CacheInUseError as error:
        structlog.get_logger().error("cache_in_use", message=str(error))
        raise typer.Exit(os.EX_TEMPFAIL) from error


def _in_cluster_server() -> str:
    """The API server's URL, from what the kubelet puts into every container's environment."""
    host, port = os.getenv("KUBERNETES_SERVICE_HOST"), os.getenv("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise typer.BadParameter(
            "not in a cluster (KUBERNETES_SERVICE_HOST is not set): say where the API server is",
            param_hint="--server",
        )
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
