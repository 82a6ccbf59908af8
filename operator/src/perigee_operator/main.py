"""The command ``perigee-operator``."""

import asyncio
import os
import random
import socket
import sys
import time
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import kopf
import typer
from pydantic import ValidationError

from perigee_operator.commands import passes, rollout, satellites, simulate
from perigee_operator.config import Config, LogFormat, variables
from perigee_operator.handlers import lifecycle, resources
from perigee_operator.logs import configure_logs
from perigee_operator.services.leaving import leave as leave_cluster
from perigee_operator.services.operation import operating
from perigee_operator.storage.api import KubernetesApi
from perigee_operator.storage.errors import ApiError, ApiUnreachableError, ConfigurationError
from perigee_operator.storage.fleet import FleetCache

EXIT_CONFIGURATION = 64
EXIT_UNAVAILABLE = 69
_FORESEEN: Final = (ApiError, ApiUnreachableError, ConfigurationError)
"""What a line tells enough of."""

app = typer.Typer(
    help="Runs AI inference on satellite constellations: reconciles SatelliteNodes and "
    "InferenceModels into workloads. Configured by environment variables PERIGEE_*. The commands "
    "passes, satellites and simulate need no cluster.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command(epilog="\n\n".join(variables()))
def run() -> None:
    """Run the operator until it is told to end (SIGTERM or SIGINT)."""
    config = _config()
    configure_logs(config.log_format, config.log_level)
    _finish(_run(config))


@app.command()
def leave() -> None:
    """Take Perigee's labels and taints off all Nodes, as before an uninstallation."""
    configure_logs(LogFormat.JSON, "INFO")
    _finish(_leave())


app.command(epilog=passes.EXAMPLE)(passes.passes)
app.command(epilog=satellites.EXAMPLE)(satellites.satellites)
app.command(epilog=simulate.EXAMPLE)(simulate.simulate)
app.add_typer(rollout.app, name="rollout")


async def _run(config: Config) -> int:
    registry = kopf.OperatorRegistry()
    lifecycle.register(registry)
    async with operating(config) as fleet:
        resources.register(registry, fleet)
        await kopf.operator(registry=registry, standalone=True, clusterwide=True)
    return 0


async def _leave() -> int:
    instance = f"{socket.gethostname()}-{os.getpid()}"
    async with KubernetesApi() as api:
        fleet = FleetCache(
            api,
            instance=instance,
            now=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            random=random.random,
        )
        outcomes = await leave_cluster(api, fleet, instance)
    return 1 if any(outcome.failure for outcome in outcomes) else 0


def _config() -> Config:
    try:
        return Config()
    except ValidationError as error:
        for fault in error.errors():
            variable, *within = (str(part) for part in fault["loc"])
            where = "".join(f"{part}: " for part in within)
            typer.echo(f"PERIGEE_{variable.upper()}: {where}{fault['msg']}", err=True)
        raise typer.Exit(EXIT_CONFIGURATION) from error


def _finish(work: Coroutine[Any, Any, int]) -> None:
    # Not by `except*`: what is raised from there comes as a group in some versions of Python 3.11.
    try:
        status = asyncio.run(work)
    except (*_FORESEEN, ExceptionGroup) as error:
        failures = tuple(_leaves(error))
        if not all(isinstance(failure, _FORESEEN) for failure in failures):
            raise
        for failure in failures:
            print(f"perigee-operator: {failure}", file=sys.stderr)  # noqa: T201 - logs may be off
        wrong = any(isinstance(failure, ConfigurationError) for failure in failures)
        raise typer.Exit(EXIT_CONFIGURATION if wrong else EXIT_UNAVAILABLE) from error
    raise typer.Exit(status)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """What has failed, out of the groups that tasks of tasks wrap around it."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in error.exceptions:
        yield from _leaves(inner)


if __name__ == "__main__":
    app()
