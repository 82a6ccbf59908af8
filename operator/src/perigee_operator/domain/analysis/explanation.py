"""Why something was decided: the rule, the figures, and since when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from perigee_operator.domain.analysis.verdict import Verdict

_NO_FRACTION_FROM: Final = 1000
_WORDS: Final = {
    Verdict.PASS: "has passed",
    Verdict.FAIL: "has failed",
    Verdict.NO_DATA: "has no data",
    Verdict.SOURCE_DOWN: "cannot be measured",
    Verdict.RUNNING: "is being measured",
    Verdict.INCONCLUSIVE: "is inconclusive",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a rule was applied to."""

    name: str
    value: float
    unit: str = ""

    def __str__(self) -> str:
        whole = self.value % 1 == 0 or abs(self.value) >= _NO_FRACTION_FROM
        number = f"{self.value:,.0f}" if whole else f"{self.value:.4g}"
        return f"{self.name} {number}{' ' if self.unit else ''}{self.unit}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found of a subject, and by what."""

    subject: str
    """What was judged: the name of a metric, or an aspect of a comparison."""
    verdict: Verdict
    rule: str
    """The rule that applies, in words: "failures above failureLimit"."""
    figures: tuple[Figure, ...] = ()
    since: datetime | None = None
    """When it began to be so."""

    @property
    def sentence(self) -> str:
        """One sentence for a person."""
        figures = f" ({', '.join(str(each) for each in self.figures)})" if self.figures else ""
        since = f", since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        return f"{self.subject} {_WORDS[self.verdict]}: {self.rule}{figures}{since}."
