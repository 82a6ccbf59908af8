"""An operator on a real API server, and receivers of what it announces."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from perigee_operator.domain.kinds import EVENT
from perigee_operator.storage.announcements import REPORTING_CONTROLLER
from played.constellation import Constellation
from played.field import Field, eventually, operating
from played.operator_process import OperatorProcess, Setting
from played.receiving import ReceivingServer, receiving
from played.resources import revision

KEY = b"k" * 32


@pytest_asyncio.fixture
async def on_call() -> AsyncIterator[ReceivingServer]:
    async with receiving() as server:
        yield server


@pytest_asyncio.fixture
async def broken() -> AsyncIterator[ReceivingServer]:
    """A receiver that always fails."""
    async with receiving() as server:
        server.say(500)
        yield server


@pytest.fixture
def telling(
    setting: Setting, on_call: ReceivingServer, broken: ReceivingServer, tmp_path: Path
) -> Setting:
    """Of an operator that tells both."""
    for name in ("broken", "on-call"):
        (tmp_path / name).write_text("whsec_" + base64.b64encode(KEY).decode())
    receivers = [
        {"name": name, "url": server.url, "allowHttp": True}
        for name, server in (("broken", broken), ("on-call", on_call))
    ]
    return replace(setting, webhooks=json.dumps(receivers), webhook_keys=str(tmp_path))


def told(server: ReceivingServer, subject: str) -> list[dict[str, Any]]:
    """What it was told of an object, in order, and verified."""
    found = [Webhook(KEY).verify(body, headers) for headers, body in server.heard]
    return [body for body in found if body["subject"] == subject]


def reasons(server: ReceivingServer, subject: str) -> list[str]:
    return [body["data"]["reason"] for body in told(server, subject)]


async def comes_to_hear(server: ReceivingServer, subject: str, *wanted: str) -> None:
    async def heard() -> list[str]:
        return reasons(server, subject)

    await eventually(heard, lambda found: set(wanted) <= set(found))


async def identities_of_events(sky: Constellation, *objects: str) -> set[str]:
    """Of those that Perigee has made; others announce something about Nodes."""
    found = [e for n in ("default", sky.namespace) for e in await sky.access.list(EVENT, n)]
    ours = [e for e in found if e["reportingController"] == REPORTING_CONTROLLER]
    about = [e["metadata"]["name"] for e in ours if e["regarding"]["name"] in objects]
    return {name.rpartition(".")[2] for name in about}


async def test_a_loss_and_a_rollout_are_told_as_the_events_say_it(
    sky: Constellation, telling: Setting, on_call: ReceivingServer, broken: ReceivingServer
) -> None:
    on_call.say(200)
    field, model = Field(sky), f"InferenceModel/{sky.namespace}/m"
    async with operating(telling):
        await field.add_satellites()
        await field.add_model()
        await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
        await field.ask_for("b")
        await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
        name = next(iter(sky.satellites))
        sky.lose(name)
        await field.satellite_comes_to(name, "Lost")
        sky.restore(name)
        await field.satellite_comes_to(name, "InContact")

        async def untold() -> set[str]:
            return await identities_of_events(sky, "m", name) - set(on_call.identities)

        await eventually(untold, lambda found: not found)
    heard = [*told(on_call, model), *told(on_call, f"SatelliteNode/{name}")]
    assert set(reasons(on_call, model)) >= {"RolloutStarted", "Promoted"}
    assert reasons(on_call, f"SatelliteNode/{name}")[-2:] == ["Lost", "InContact"]
    # One written in the operator's last moment is told by the next, as another test shows.
    assert {body["id"] for body in heard} <= await identities_of_events(sky, "m", name)
    assert len({body["id"] for body in heard}) == len(heard)
    assert [body["time"] for body in told(on_call, model)] == sorted(
        body["time"] for body in told(on_call, model)
    )
    promoted = [b for b in told(on_call, model) if b["data"]["reason"] == "Promoted"][-1]
    assert promoted["data"]["revision"] == revision("b")
    assert promoted["data"]["object"]["namespace"] == sky.namespace
    assert len(set(broken.identities)) == 1, "those behind the first one wait"
    assert len(broken.identities) > 1


async def test_what_could_not_be_told_before_the_operator_died_is_told_by_the_next(
    sky: Constellation, telling: Setting, on_call: ReceivingServer
) -> None:
    on_call.say(503)
    field, model = Field(sky), f"InferenceModel/{sky.namespace}/m"
    async with AsyncExitStack() as stack:
        first = OperatorProcess(telling)
        stack.push_async_callback(first.kill)
        await field.add_satellites()
        await field.add_model()
        await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
        await eventually(lambda: field.events("m"), lambda found: "Promoted" in found)
    untold = await identities_of_events(sky, "m")
    on_call.answers.clear()
    on_call.heard.clear()
    on_call.say(200)
    async with operating(telling):
        await comes_to_hear(on_call, model, "RolloutStarted", "Promoted")
    assert {body["id"] for body in told(on_call, model)} == untold
    (promoted,) = (b for b in told(on_call, model) if b["data"]["reason"] == "Promoted")
    assert promoted["data"]["revision"] == revision("a"), "which the Event has kept"


async def test_an_observer_tells_what_it_sees(
    sky: Constellation, telling: Setting, on_call: ReceivingServer
) -> None:
    on_call.say(200)
    field = Field(sky)
    name = next(iter(sky.satellites))
    async with operating(replace(telling, mode="Observe")):
        await field.add_satellites()
        await comes_to_hear(on_call, f"SatelliteNode/{name}", "InContact")
        sky.lose(name)
        await comes_to_hear(on_call, f"SatelliteNode/{name}", "Lost")
