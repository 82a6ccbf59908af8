"""What a server serves, as far as another one needs it to take its place. Pure."""

from dataclasses import asdict, dataclass
from typing import Any, Final

MOST_ARGUMENTS: Final = 64
LONGEST_ARGUMENT: Final = 4096
LONGEST_NAME: Final = 253


class NotServedError(ValueError):
    """A document that does not say what is served."""


@dataclass(frozen=True, slots=True)
class Served:
    """A revision of a model, and how it is run."""

    model: str
    revision: str
    artifacts: tuple[str, ...]
    """Digests (sha256) of the files it needs: the model's, and its golden set's."""
    arguments: tuple[str, ...]
    """Of `perigee-edge serve`, each ``--option=value``, for this model and this revision."""

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, document: Any) -> "Served":
        """The inverse of `document`.

        Raises:
            NotServedError: It says something else.
        """
        if not isinstance(document, dict):
            raise NotServedError("what is served must be a JSON object")
        return cls(
            _text(document, "model"),
            _text(document, "revision"),
            _texts(document, "artifacts"),
            _arguments(document),
        )


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise NotServedError(f"{key} must be a name")
    return value


def _texts(document: dict[str, Any], key: str) -> tuple[str, ...]:
    values = document.get(key)
    if not isinstance(values, list) or len(values) > MOST_ARGUMENTS:
        raise NotServedError(f"{key} must be a list of at most {MOST_ARGUMENTS} texts")
    if any(not isinstance(value, str) or len(value) > LONGEST_ARGUMENT for value in values):
        raise NotServedError(f"{key} must be texts of at most {LONGEST_ARGUMENT} characters")
    return tuple(values)


def _arguments(document: dict[str, Any]) -> tuple[str, ...]:
    values = _texts(document, "arguments")
    # One word each: an option can never take the next one for its value.
    if any(not value.startswith("--") or "\0" in value for value in values):
        raise NotServedError("each of the arguments must be an option")
    return values
