"""What the supervisor is told: by its environment, and by the options of the server. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from perigee_api import names
from perigee_edge.supervisor.policy import Limits

PREFIX: Final = "PERIGEE_SUPERVISOR_"
FALLBACK: Final = f"{PREFIX}FALLBACK"
_SERVE_PREFIX: Final = "PERIGEE_SERVE_"
_MOST_OPTIONS: Final = 64
_MIB: Final = 1024 * 1024
_COUNTS: Final = frozenset({"crashes", "least_requests", "confirm_answers"})


class OptionsError(ValueError):
    """The environment or the options make no sense; the text says which."""


@dataclass(frozen=True, slots=True)
class Servable:
    """A revision, and the options of `perigee-edge serve` that serve it."""

    revision: str
    files: tuple[Path, ...]
    """Of the model and its golden set."""
    arguments: tuple[str, ...]

    @property
    def is_on_board(self) -> bool:
        """Whether its files are there. What is in them the worker verifies."""
        return all(file.is_file() for file in self.files)


@dataclass(frozen=True, slots=True)
class Options:
    """All of it."""

    main: Servable
    fallback: Servable
    host: str
    port: int
    termination_log: Path
    model: str
    """``<namespace>/<name>``, for the report."""
    pod: str
    """Its uid, for the report."""
    record_directory: Path | None
    """Where a retreat is written down; None: a new container of the Pod knows nothing of it."""
    report_socket: Path | None
    """Where the agent listens; None: nobody is told."""
    standby: bool
    """Keep the revision before loaded where memory allows, until this one is confirmed."""
    memory_limit_bytes: int | None
    """Holds where the control group has none; without any limit nothing is kept loaded."""
    hold_s: float
    """How long clients wait for a worker that is started anew before it answers them 503."""
    leave_s: float
    """How long a worker that is gone back from may finish what it has begun."""
    limits: Limits


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """The options.

    Args:
        arguments: Of the server, for the Pod's own revision.
        environment: Of the process.

    Raises:
        OptionsError: They make no sense.
    """
    told = {
        key.removeprefix(PREFIX).lower(): value
        for key, value in environment.items()
        if key.startswith(PREFIX) and value
    }
    main = _servable(arguments, environment)
    fallback = _servable(_fallback(told.get("fallback", "")), {})
    port = _option(arguments, "port", environment) or str(names.SERVE_PORT)
    log = _option(arguments, "termination-log", environment) or "/dev/termination-log"
    limit = told.get("memory_limit_mib")
    record, report = told.get("record_directory"), told.get("report_socket")
    return Options(
        main=main,
        fallback=fallback,
        host=_option(arguments, "host", environment) or "0.0.0.0",  # noqa: S104 - as the server's
        port=int(_number("port", port)),
        termination_log=Path(log),
        model=told.get("model", ""),
        pod=told.get("pod", ""),
        record_directory=Path(record) if record else None,
        report_socket=Path(report) if report else None,
        standby=told.get("standby", "").lower() == "true",
        memory_limit_bytes=int(_number("memory_limit_mib", limit) * _MIB) if limit else None,
        hold_s=_number("hold_s", told.get("hold_s", "15")),
        leave_s=_number("leave_s", told.get("leave_s", "2")),
        limits=_limits(told),
    )


def _fallback(text: str) -> tuple[str, ...]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionsError(f"{FALLBACK} must be a JSON list of options: {error}") from error
    if not isinstance(found, list) or not 0 < len(found) <= _MOST_OPTIONS:
        raise OptionsError(f"{FALLBACK} must be a list of 1 to {_MOST_OPTIONS} options")
    # One word each: an option can never take the next one for its value.
    if any(not isinstance(each, str) or not each.startswith("--") for each in found):
        raise OptionsError(f"each of {FALLBACK} must be an option")
    return tuple(found)


def _servable(arguments: Sequence[str], environment: Mapping[str, str]) -> Servable:
    def option(name: str) -> str:
        return _option(arguments, name, environment)

    revision, artifact = option("revision"), option("artifact")
    if not revision or not artifact:
        raise OptionsError("a revision to serve needs the options --revision and --artifact")
    directory = Path(option("artifact-directory") or names.ARTIFACT_DIRECTORY)
    digests = [artifact, *([golden] if (golden := option("golden")) else [])]
    return Servable(revision, tuple(directory / each for each in digests), tuple(arguments))


def _option(arguments: Sequence[str], name: str, environment: Mapping[str, str]) -> str:
    """The value of an option of the server, as the server would find it; empty without one."""
    found = environment.get(_SERVE_PREFIX + name.upper().replace("-", "_"), "")
    for index, word in enumerate(arguments):
        given, equals, value = word.partition("=")
        if given == f"--{name}":
            found = value if equals else "".join(arguments[index + 1 : index + 2])
    return found


def _limits(told: Mapping[str, str]) -> Limits:
    given: dict[str, Any] = {}
    for field in fields(Limits):
        if field.name in told:
            number = _number(field.name, told[field.name])
            given[field.name] = int(number) if field.name in _COUNTS else number
    return replace(Limits(), **given)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise OptionsError(f"{name} is {text!r}, and must be a number of 0 or more")
    return number
