from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from played.receiving import ReceivingServer, receiving


@pytest.fixture
async def receive() -> AsyncIterator[Callable[..., Awaitable[ReceivingServer]]]:
    """Makes servers that end with the test."""
    async with AsyncExitStack() as stack:

        async def make(**site: Any) -> ReceivingServer:
            return await stack.enter_async_context(receiving(**site))

        yield make


@pytest.fixture
async def server(receive: Callable[..., Awaitable[ReceivingServer]]) -> ReceivingServer:
    return await receive()
