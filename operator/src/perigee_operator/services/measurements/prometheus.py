"""Asks a Prometheus server for a value at this moment.

Source of the protocol: the documentation of Prometheus' HTTP API, "Instant queries" and "Expression
query result formats".
"""

from typing import Annotated, Final, Literal, Self

import aiohttp
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

ANSWER_LIMIT_BYTES: Final = 1 << 20
TIMEOUT_S: Final = 10.0
FAULT_LIMIT: Final = 200


class SourceDownError(Exception):
    """The source gave no answer that can be read; says why."""


class _Sample(BaseModel):
    value: tuple[float, float]
    """Seconds since 1970, and the value."""


class _Vector(BaseModel):
    result_type: Literal["vector"] = Field(alias="resultType")
    result: list[_Sample]

    @property
    def values(self) -> list[float]:
        return [sample.value[1] for sample in self.result]


class _Scalar(BaseModel):
    result_type: Literal["scalar"] = Field(alias="resultType")
    result: tuple[float, float]

    @property
    def values(self) -> list[float]:
        return [self.result[1]]


class _Success(BaseModel):
    status: Literal["success"]
    data: Annotated[_Vector | _Scalar, Field(discriminator="result_type")]


class _Failure(BaseModel):
    status: Literal["error"]
    error_type: str = Field(alias="errorType")
    error: str


_ANSWER: Final = TypeAdapter[_Success | _Failure](
    Annotated[_Success | _Failure, Field(discriminator="status")]
)


class Prometheus:
    """All servers that metrics name: ``async with Prometheus() as source``.

    Args:
        timeout_s: how long a server may take.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=self._timeout, connector=aiohttp.TCPConnector(limit=0)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def values(self, address: str, query: str) -> list[float]:
        """The values that a query gives now: one of a scalar, one a sample of a vector.

        Raises:
            SourceDownError: the server does not answer, refuses, or answers something else.
        """
        try:
            async with self._session.get(
                f"{address.rstrip('/')}/api/v1/query",
                params={"query": query},
                allow_redirects=False,
            ) as answer:
                body = await _bounded(answer)
                return read_values(answer.status, body)
        except TimeoutError as error:
            raise SourceDownError(f"no answer within {self._timeout.total:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: an address that nobody can look up, as one with too long a label.
            raise SourceDownError(f"{type(error).__name__}: {error}"[:FAULT_LIMIT]) from error


def read_values(status: int, body: bytes) -> list[float]:
    """The values of an answer.

    Raises:
        SourceDownError: it is none, or tells of an error.
    """
    try:
        answer = _ANSWER.validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the whole"
        text = f"HTTP {status}, and no answer to a query: {where}: {fault['msg']}"
        raise SourceDownError(text[:FAULT_LIMIT]) from error
    if isinstance(answer, _Failure):
        raise SourceDownError(f"{answer.error_type}: {answer.error}"[:FAULT_LIMIT])
    return answer.data.values


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > ANSWER_LIMIT_BYTES:
            raise SourceDownError(f"the answer has more than {ANSWER_LIMIT_BYTES} bytes")
    return bytes(body)
