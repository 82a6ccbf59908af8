"""Where the operator dies when a test asks for it."""

import os
import signal
import subprocess
import sys

import pytest

from perigee_operator.storage.errors import ApiError, ConfigurationError
from perigee_operator.storage.faults import VARIABLE, FaultPoint, Moment


def strikes_of(moment: Moment, number: int, writes: int) -> list[str]:
    """What is seen, in order: the writes that were sent, and the strike."""
    seen: list[str] = []
    point = FaultPoint(moment, number, strike=lambda: seen.append("strike"))
    for write in range(1, writes + 1):
        with point.write():
            seen.append(f"write {write}")
    return seen


@pytest.mark.parametrize(
    ("moment", "number", "seen"),
    [
        (Moment.BEFORE, 1, ["strike", "write 1", "write 2", "write 3"]),
        (Moment.BEFORE, 3, ["write 1", "write 2", "strike", "write 3"]),
        (Moment.AFTER, 1, ["write 1", "strike", "write 2", "write 3"]),
        (Moment.AFTER, 3, ["write 1", "write 2", "write 3", "strike"]),
        (Moment.AFTER, 4, ["write 1", "write 2", "write 3"]),
        (Moment.BEFORE, 0, ["write 1", "write 2", "write 3"]),
    ],
)
def test_it_strikes_once_at_the_write_named(moment: Moment, number: int, seen: list[str]) -> None:
    assert strikes_of(moment, number, writes=3) == seen


def test_a_refused_write_counts() -> None:
    struck: list[int] = []
    point = FaultPoint(Moment.AFTER, 1, strike=lambda: struck.append(1))
    with pytest.raises(ApiError), point.write():
        raise ApiError(409, "Conflict", "no")
    assert struck == [1]


@pytest.mark.parametrize("text", ["before", "before:0", "after:-1", "between:1", "after:1 ", "1"])
def test_a_fault_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected before:N or after:N"):
        FaultPoint.from_environment({VARIABLE: text})


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}])
def test_nothing_happens_unless_asked(environment: dict[str, str]) -> None:
    point = FaultPoint.from_environment(environment)
    for _ in range(1000):
        with point.write():
            pass


@pytest.mark.parametrize(("fault", "printed"), [("before:2", "1\n"), ("after:2", "1\n2\n")])
def test_the_process_is_killed(fault: str, printed: str) -> None:
    program = (
        "import os\n"
        "from perigee_operator.storage.faults import FaultPoint\n"
        "point = FaultPoint.from_environment(os.environ)\n"
        "for number in (1, 2, 3):\n"
        "    with point.write():\n"
        "        print(number, flush=True)\n"
    )
    ended = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", program],
        env={**os.environ, VARIABLE: fault},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, printed)
