"""The model as clients see it: its name, its one version, and how far it has come."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from perigee_edge.serve.batching import Batcher
from perigee_edge.serve.engine.interface import Session
from perigee_edge.serve.protocol.errors import RequestError, shown

_LOADING_RETRY_S = 1


class ModelState(StrEnum):
    """How far a model has come."""

    LOADING = "Loading"
    READY = "Ready"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Running:
    """What a model that is ready consists of."""

    session: Session
    batcher: Batcher


class ServedModel:
    """A name and a revision, behind which a model becomes ready; used in the event loop only."""

    def __init__(self, name: str, revision: str) -> None:
        self.name = name
        self.revision = revision
        self.draining = False
        """Whether SIGTERM has come: no longer ready for more, and still answering."""
        self._state = ModelState.LOADING
        self._running: Running | None = None

    @property
    def state(self) -> ModelState:
        """How far it has come."""
        return self._state

    @property
    def ready(self) -> bool:
        """Whether requests should be sent here."""
        return self._state is ModelState.READY and not self.draining

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return self._running.batcher.waiting if self._running else 0

    @property
    def busy_s(self) -> float:
        """How long the engine computes already, without an end of the batch."""
        return self._running.batcher.busy_s if self._running else 0.0

    def serve(self, running: Running) -> None:
        """It is verified."""
        self._running = running
        self._state = ModelState.READY

    def fail(self) -> None:
        """It must not serve."""
        self._running = None
        self._state = ModelState.FAILED

    def check(self, name: str, version: str | None) -> None:
        """Refuse a name or version that is not served here.

        Raises:
            RequestError: With status 404.
        """
        if name != self.name:
            raise RequestError(
                f"there is no model {shown(name)} here, only {self.name!r}", HTTPStatus.NOT_FOUND
            )
        if version not in (None, self.revision):
            raise RequestError(
                f"model {self.name!r} has no version {shown(version)} here, only {self.revision!r}",
                HTTPStatus.NOT_FOUND,
            )

    def running(self) -> Running:
        """What answers requests.

        Raises:
            RequestError: With status 503: nothing does yet, or never will.
        """
        if self._running is None:
            raise RequestError(
                f"model {self.name!r} is {self._state}, not Ready",
                HTTPStatus.SERVICE_UNAVAILABLE,
                retry_after_s=_LOADING_RETRY_S,
            )
        return self._running
