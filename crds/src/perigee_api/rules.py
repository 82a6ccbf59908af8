"""Rules in CEL that the API server checks, declared beside the models that they hold for.

A rule's cost is estimated by the API server from the bounds of what it reads: every string, list
and map that a rule reads needs a maximum.
"""

from dataclasses import dataclass

from pydantic.types import JsonValue

KEY = "x-kubernetes-validations"


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold of a value."""

    holds: str
    """In CEL; ``self`` is the value, ``oldSelf`` the one before, in a rule on transitions."""

    message: str
    """Said to whoever wrote a value for which it does not hold."""

    field: str | None = None
    """The field to blame, from the value on: ``.line2``. The value itself, if not given."""


def rules(*declared: Rule) -> dict[str, JsonValue]:
    """The rules as a ``json_schema_extra`` of a model or a field."""
    return {KEY: [_validation(rule) for rule in declared]}


def _validation(rule: Rule) -> JsonValue:
    blamed: dict[str, JsonValue] = {"fieldPath": rule.field} if rule.field else {}
    return {**blamed, "message": rule.message, "rule": rule.holds}


def exactly_one_of(*fields: str) -> Rule:
    """Exactly one of an object's fields is given."""
    given = ", ".join(f"has(self.{field})" for field in fields)
    return Rule(
        f"[{given}].exists_one(given, given)",
        f"exactly one of {', '.join(fields[:-1])} and {fields[-1]} must be given",
    )
