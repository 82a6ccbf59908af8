"""What Prometheus is told of webhooks."""

from collections.abc import Sized

from prometheus_client import CollectorRegistry, Counter, Gauge

from perigee_operator.services.webhooks.retry import Delivery


class Tally:
    """Counts, by receiver.

    Args:
        registry: of the operator's metrics.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._settled = Counter(
            "perigee_webhook_notices_total",
            "Announcements to a receiver: Sent, Refused, Expired or Dropped.",
            ["receiver", "delivery"],
            registry=registry,
        )
        self._failed = Counter(
            "perigee_webhook_failures_total",
            "Attempts that failed and are made again.",
            ["receiver"],
            registry=registry,
        )
        self._waiting = Gauge(
            "perigee_webhook_waiting",
            "Announcements that wait for those before them.",
            ["receiver"],
            registry=registry,
        )

    def watch(self, receiver: str, outbox: Sized) -> None:
        """A receiver is told from now on."""
        self._waiting.labels(receiver).set_function(lambda: len(outbox))
        self._failed.labels(receiver)
        for delivery in Delivery:
            self._settled.labels(receiver, delivery.value)

    def settled(self, receiver: str, delivery: Delivery) -> None:
        """A notice needs no more attempts."""
        self._settled.labels(receiver, delivery.value).inc()

    def failed(self, receiver: str) -> None:
        """An attempt failed, and is made again."""
        self._failed.labels(receiver).inc()
