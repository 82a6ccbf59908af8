"""One inference over HTTP, with a second try at another satellite."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from perigee_demo.inference.endpoints import Endpoint
from perigee_demo.inference.open_inference import (
    Answer,
    Request,
    UnexpectedAnswerError,
    decode,
)

CONNECT_TIMEOUT_S: Final = 1.0
ANSWER_TIMEOUT_S: Final = 15.0
"""Between bytes. A satellite that is cut in mid-answer costs this once."""

TRIES: Final = 2

Chooser = Callable[[Endpoint | None], Endpoint | None]
"""The endpoint for a try, given the one that was tried before."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call."""

    answer: Answer | None
    endpoint: Endpoint | None
    """Who answered."""
    errors: tuple[str, ...]
    """A sentence for each try that failed."""


def inference_client() -> httpx.AsyncClient:
    """A client that connects anew for each request.

    On a connection that is kept open, a satellite that went silent shows only when no answer
    comes; a new connection shows it within `CONNECT_TIMEOUT_S`.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
    )


async def call(http: httpx.AsyncClient, choose: Chooser, request: Request) -> Reply:
    """Asks one endpoint and, if that comes to nothing, another one once."""
    errors: list[str] = []
    tried: Endpoint | None = None
    for _ in range(TRIES):
        endpoint = choose(tried)
        if endpoint is None:
            errors.append("no other satellite to ask" if tried else "no satellite to ask")
            break
        try:
            return Reply(await _ask(http, endpoint, request), endpoint, tuple(errors))
        except (httpx.HTTPError, UnexpectedAnswerError) as error:
            errors.append(f"{endpoint.node} ({endpoint.address}): {type(error).__name__} {error}")
        tried = endpoint
    return Reply(None, None, tuple(errors))


async def _ask(http: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> Answer:
    url = httpx.URL(scheme="http", host=endpoint.address, port=endpoint.port, path=request.path)
    response = await http.post(url, content=request.body, headers=request.headers)
    if not response.is_success:
        raise UnexpectedAnswerError(f"{response.status_code} {response.text[:200]}")
    return decode(response.headers, response.content)
