"""A program on a satellite that asks its own model.

By the address of the model's local Service it runs inside the satellite's network, where nothing is
heard of the ground while the link is cut; by the satellite's own address, a Unix socket, on the
satellite. ``python -m real_fleet.on_board ADDRESS GOLDEN MODEL`` prints a line of JSON a call.
"""

import asyncio
import hashlib
import itertools
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import httpx

from perigee_api.names import ADDRESS_DIRECTORY
from perigee_demo.inference.call import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S
from perigee_demo.inference.open_inference import UnexpectedAnswerError, decode
from perigee_demo.story.constellation import Constellation
from perigee_demo.story.journal import PromiseBrokenError
from perigee_demo.story.manifests import NAMESPACE
from perigee_demo.story.views import PODS
from perigee_demo.traffic.client import Sample, read_samples
from perigee_lab.lab import Lab

EVERY_S: Final = 0.5
BEGINS_WITHIN_S: Final = 60.0
ANSWERED_WITHIN_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call."""

    at: float
    """Seconds since 1970."""
    revision: str | None
    """That answered; None: nobody did."""
    error: str
    sample: int
    """Which of the golden set's samples was sent."""
    output: str
    """Digest of what was answered."""
    took_s: float


@dataclass(slots=True)
class Calls:
    """All calls so far."""

    made: list[Call] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def failed(self) -> list[Call]:
        """Those that were not answered."""
        return [call for call in self.made if call.revision is None]

    @property
    def answered(self) -> list[Call]:
        """Those that were."""
        return [call for call in self.made if call.revision is not None]

    def since_first_answer(self) -> "Calls":
        """Those from the first that was answered on."""
        return Calls(list(itertools.dropwhile(lambda call: call.revision is None, self.made)))

    async def until(self, holds: Callable[["Calls"], bool], *, within_s: float, what: str) -> None:
        """Waits until a condition holds of the calls.

        Raises:
            PromiseBrokenError: it did not within the time.
        """
        try:
            async with asyncio.timeout(within_s), self.changed:
                await self.changed.wait_for(lambda: holds(self))
        except TimeoutError as error:
            last = self.made[-1:] or "no call"
            raise PromiseBrokenError(f"not within {within_s:.0f} s: {what}; {last}") from error

    async def until_answered_by(self, revision: str) -> None:
        """Waits for another answer of a revision.

        Raises:
            PromiseBrokenError: there was none within the time.
        """
        begun = len(self.made)
        await self.until(
            lambda calls: any(call.revision == revision for call in calls.made[begun:]),
            within_s=ANSWERED_WITHIN_S,
            what=f"{revision} answers",
        )

    @property
    def revisions(self) -> list[str]:
        """Who answered, in order, without repetitions."""
        answered = (call.revision for call in self.made if call.revision is not None)
        return [revision for revision, _ in itertools.groupby(answered)]


@asynccontextmanager
async def calling(
    constellation: Constellation, satellite: str, model: str, golden: Path
) -> AsyncIterator[Calls]:
    """Calls a model on board while the block runs, each call on a connection of its own.

    The block begins once the first call has ended.
    """
    services = PODS.replace("/pods", "/services")
    service = await constellation.cluster.get(f"{services}/{model}-local")
    assert service is not None, f"there is no Service {NAMESPACE}/{model}-local"
    address = f"http://{service['spec']['clusterIP']}"
    command = constellation.lab.in_network(satellite, _command(address, golden, model))
    async with _reading(command) as calls:
        yield calls


@asynccontextmanager
async def calling_own_address(
    lab: Lab, satellite: str, model: str, golden: Path
) -> AsyncIterator[Calls]:
    """As `calling`, by the address that the satellite has of its own."""
    address = f"{ADDRESS_DIRECTORY}/{NAMESPACE}.{model}.sock"
    command = lab.inside(satellite, _command(address, golden, model))
    async with _reading(command) as calls:
        yield calls


def _command(address: str, golden: Path, model: str) -> list[str]:
    return [sys.executable, "-m", "real_fleet.on_board", address, str(golden), model]


@asynccontextmanager
async def _reading(command: list[str]) -> AsyncIterator[Calls]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=PIPE,
        # To be ended as a group: what enters a namespace of processes stays as the parent.
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    calls = Calls()
    reading = asyncio.create_task(_read(process, calls))
    try:
        await calls.until(
            lambda calls: bool(calls.made), within_s=BEGINS_WITHIN_S, what="a first call"
        )
        yield calls
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        await reading
        await process.wait()


async def _read(process: Process, calls: Calls) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        async with calls.changed:
            calls.made.append(Call(**json.loads(line)))
            calls.changed.notify_all()


def _call(http: httpx.Client, number: int, sample: Sample) -> Call:
    at, begun = time.time(), time.monotonic()
    revision, error, output = _asked(http, sample)
    return Call(at, revision, error, number, output, time.monotonic() - begun)


def _asked(http: httpx.Client, sample: Sample) -> tuple[str | None, str, str]:
    request = sample.request
    try:
        response = http.post(request.path, content=request.body, headers=request.headers)
        if not response.is_success:
            return None, f"{response.status_code} {response.text[:200]}", ""
        answer = decode(response.headers, response.content)
    except (httpx.HTTPError, UnexpectedAnswerError) as error:
        return None, f"{type(error).__name__} {error}", ""
    return answer.revision, "", hashlib.sha256(answer.output.tobytes()).hexdigest()


def main(address: str, golden: str, model: str) -> None:
    """Calls until it is ended."""
    samples = read_samples(Path(golden), model)
    own = address.startswith("/")
    connect_anew = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(
        base_url="http://on-board" if own else address,
        transport=httpx.HTTPTransport(uds=address if own else None, limits=connect_anew),
        timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
    ) as http:
        for number, sample in itertools.cycle(enumerate(samples)):
            print(json.dumps(asdict(_call(http, number, sample))), flush=True)  # noqa: T201
            time.sleep(EVERY_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
