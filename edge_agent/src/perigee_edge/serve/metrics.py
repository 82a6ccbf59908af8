"""What Prometheus is told."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from perigee_edge.serve.golden import Verdict

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SAMPLES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """Of one server, in a registry of its own."""

    def __init__(
        self,
        *,
        ready: Callable[[], bool],
        waiting: Callable[[], int],
        count: Callable[[int, float], None] | None = None,
    ) -> None:
        """Ask for what is a state, rather than be told.

        Args:
            ready: Whether requests should be sent here.
            waiting: Requests in the queue.
            count: Is told of each request that was answered, its status and how long it took;
                None: nobody is.
        """
        self._count = count
        self.answered = 0
        """Inference requests that got their outputs."""
        self.failed = 0
        """Those that the model failed; what a client did wrong is none, nor what was shed."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "perigee_serve_requests", "Inference requests.", ["code"], registry=self._registry
        )
        self._request_duration = Histogram(
            "perigee_serve_request_duration_seconds",
            "From an inference request's headers to its answer, answered with 200 or not.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batch_size = Histogram(
            "perigee_serve_batch_samples",
            "Samples computed together.",
            buckets=_SAMPLES,
            registry=self._registry,
        )
        self._batch_duration = Histogram(
            "perigee_serve_batch_duration_seconds",
            "Computing a batch.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._golden_passed = Gauge(
            "perigee_serve_golden_passed",
            "1 if the golden set has passed.",
            ["metric"],
            registry=self._registry,
        )
        self._golden_value = Gauge(
            "perigee_serve_golden_value",
            "Figure that the golden set gave.",
            ["metric"],
            registry=self._registry,
        )
        self._model = Info("perigee_serve_model", "What is served.", registry=self._registry)
        Gauge(
            "perigee_serve_ready", "1 if requests should be sent here.", registry=self._registry
        ).set_function(ready)
        Gauge(
            "perigee_serve_waiting_requests", "Requests in the queue.", registry=self._registry
        ).set_function(waiting)

    def request(self, code: int, duration_s: float) -> None:
        """An inference request was answered."""
        self.answered += code == HTTPStatus.OK
        self.failed += code == HTTPStatus.INTERNAL_SERVER_ERROR
        self._requests.labels(code=str(code)).inc()
        self._request_duration.observe(duration_s)
        if self._count is not None:
            self._count(code, duration_s)

    def batch(self, samples: int, duration_s: float) -> None:
        """A batch was computed."""
        self._batch_size.observe(samples)
        self._batch_duration.observe(duration_s)

    def golden(self, verdict: Verdict) -> None:
        """The golden set was run."""
        self._golden_passed.labels(metric=verdict.metric).set(verdict.passed)
        self._golden_value.labels(metric=verdict.metric).set(verdict.value)

    def model(self, name: str, revision: str, engine: str, artifact: str) -> None:
        """What is served, as labels."""
        self._model.info(
            {"model": name, "revision": revision, "engine": engine, "artifact": artifact}
        )

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self._registry)
