"""The steady client as a process: counts on stdout, a line of JSON each."""

import asyncio
import json
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perigee_demo.cluster import Cluster
from perigee_demo.inference.call import inference_client
from perigee_demo.inference.endpoints import EndpointDirectory
from perigee_demo.traffic.client import SteadyClient, read_samples

ENDPOINTS_KNOWN_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class TrafficPlan:
    """What is sent where, and how often."""

    model: str
    """Also the Service's name."""
    namespace: str
    golden: Path
    """Golden set that requests and right answers are taken from."""
    rate_hz: float
    under_way: int
    """Most requests at once."""
    report_every_s: float


async def send_steadily(plan: TrafficPlan) -> None:
    """Sends until SIGTERM or SIGINT, then waits for what is under way and prints the last line.

    Raises:
        TimeoutError: the API server did not tell the Service's endpoints.
    """
    directory = EndpointDirectory()
    samples = read_samples(plan.golden, plan.model)
    async with Cluster.connect() as cluster, inference_client() as http:
        following = asyncio.create_task(directory.run(cluster, plan.namespace, plan.model))
        try:
            async with asyncio.timeout(ENDPOINTS_KNOWN_WITHIN_S):
                await directory.known.wait()
            client = SteadyClient(
                http, directory, samples, rate_hz=plan.rate_hz, under_way=plan.under_way
            )
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, client.stop)
            await _run_and_report(client, directory, plan.report_every_s)
        finally:
            following.cancel()


async def _run_and_report(
    client: SteadyClient, directory: EndpointDirectory, every_s: float
) -> None:
    sending = asyncio.create_task(client.run())
    while not sending.done():
        await asyncio.wait({sending}, timeout=every_s)
        line = {
            "time": round(time.time(), 3),
            **client.counters.snapshot(),
            "endpoints": [endpoint.node for endpoint in directory.endpoints],
            "final": sending.done(),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    sending.result()
