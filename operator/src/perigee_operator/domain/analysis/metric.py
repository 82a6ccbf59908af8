"""Metrics: a value measured again and again, and judged by conditions and limits.

Names and meanings are those of Argo Rollouts where they are the same: `successCondition`,
`failureCondition`, `interval`, `count`, `failureLimit`, `inconclusiveLimit`,
`consecutiveSuccessLimit`. Others on purpose:

- A source that is down and one that has no data are told apart, and neither is an error that
  aborts when it has come four times in a row. Each has a policy of its own, and holds.
- Neither breaks a row of successes: a satellite in the dark has not failed.
- At least one condition has to be given: without one, every value would be a success. A Job needs
  none, since it fails by its exit status.
- Measuring goes on for as long as somebody waits, so that a metric that has passed can still fail.
"""

from dataclasses import dataclass

from perigee_operator.domain.analysis.expression import Expression
from perigee_operator.domain.analysis.verdict import ALL_HOLD, Policies


@dataclass(frozen=True, slots=True)
class Metric:
    """How a value is judged.

    Raises:
        ValueError: it could never be judged so.
    """

    name: str
    success: Expression | None = None
    failure: Expression | None = None
    interval_s: float | None = None
    """Between measurements; None: one is enough."""
    count: int | None = None
    """Measurements with a value after which it is done; None: one without an interval, and
    else as many as there is time for."""
    failure_limit: int | None = 0
    """Failures that are allowed; None: all."""
    inconclusive_limit: int | None = 0
    """Inconclusive measurements that are allowed; None: all."""
    consecutive_success_limit: int = 0
    """Successes in a row that are enough; 0: they are not counted."""
    policies: Policies = ALL_HOLD
    by_exit_status: bool = False
    """Whether its source says itself that a measurement has failed, and needs no condition."""

    def __post_init__(self) -> None:
        for problem, is_so in self._problems().items():
            if is_so:
                raise ValueError(f"metric {self.name}: {problem}")

    @property
    def enough(self) -> int | None:
        """Measurements with a value after which it is done; None: never by their number."""
        return 1 if self.count is None and self.interval_s is None else self.count

    def _problems(self) -> dict[str, bool]:
        limits = (self.failure_limit or 0, self.inconclusive_limit or 0)
        row, enough = self.consecutive_success_limit, self.enough
        return {
            "a successCondition or a failureCondition must be given": (
                self.success is None and self.failure is None and not self.by_exit_status
            ),
            f"interval must be above 0 s, not {self.interval_s}": (
                self.interval_s is not None and not self.interval_s > 0
            ),
            f"count must be 1 at least, not {self.count}": self.count is not None
            and self.count < 1,
            f"interval must be given for {self.count} measurements": (
                self.count is not None and self.count > 1 and self.interval_s is None
            ),
            "limits must not be negative": min(*limits, row) < 0,
            f"consecutiveSuccessLimit {row} cannot be reached by {enough} measurements": (
                enough is not None and row > enough
            ),
        }
