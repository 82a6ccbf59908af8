"""Conditions on a measured value: ``value < 0.05``, ``value >= 0.98 && value < 2``.

    expression  = conjunction { "||" conjunction }
    conjunction = relation { "&&" relation }
    relation    = "value" operator number
    operator    = "<" | "<=" | ">" | ">=" | "==" | "!="

"&&" binds more tightly than "||". There is no more to it, so that nothing is evaluated that a
person would not see at once.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LONGEST: Final = 200
"""Characters of an expression."""

_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "==": operator.eq,
        "!=": operator.ne,
    }
)
_RELATION: Final = re.compile(
    r"\s*value\s*(?P<operator><=|>=|==|!=|<|>)\s*"
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*"
)


@dataclass(frozen=True, slots=True)
class Relation:
    """How a value has to stand to a number."""

    operator: str
    number: float

    def holds(self, value: float) -> bool:
        """Whether it is true of a value."""
        return _OPERATORS[self.operator](value, self.number)

    def __str__(self) -> str:
        return f"value {self.operator} {self.number!r}"


@dataclass(frozen=True, slots=True)
class Expression:
    """Relations: any of the outer, all of the inner."""

    alternatives: tuple[tuple[Relation, ...], ...]

    def holds(self, value: float) -> bool:
        """Whether it is true of a value."""
        return any(all(each.holds(value) for each in every) for every in self.alternatives)

    def __str__(self) -> str:
        return " || ".join(" && ".join(str(each) for each in every) for every in self.alternatives)


def parsed(text: str) -> Expression:
    """Reads an expression.

    Raises:
        ValueError: it is none; says where it goes wrong and what belongs there.
    """
    if len(text) > LONGEST:
        raise ValueError(f"a condition may be {LONGEST} characters long, not {len(text)}")
    alternatives: list[tuple[Relation, ...]] = []
    position = 0
    for alternative in text.split("||"):
        every = []
        for part in alternative.split("&&"):
            every.append(_relation(part, text, position))
            position += len(part) + len("&&")
        alternatives.append(tuple(every))
    return Expression(tuple(alternatives))


def _relation(part: str, text: str, position: int) -> Relation:
    found = _RELATION.fullmatch(part)
    if found is None or not math.isfinite(float(found["number"])):
        wrong = part.strip() or "nothing"
        raise ValueError(
            f"condition {text!r}: {wrong!r} at character {position + 1} is no comparison; write "
            "'value', one of < <= > >= == !=, and a number; join comparisons by && or ||"
        )
    return Relation(found["operator"], float(found["number"]))
