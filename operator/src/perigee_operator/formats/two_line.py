"""Files of two-line elements, with or without a line for the name before each pair."""

from collections.abc import Iterator

from perigee_api.orbit import Orbit, TwoLineElements
from perigee_operator.domain.orbit.elements import of_tle
from perigee_operator.domain.orbit.tle import TleError
from perigee_operator.formats.record import Fault, Record


def two_line_records(text: str, file: str) -> Iterator[Record | Fault]:
    """The satellites in a text; lines that begin with # say nothing."""
    lines = [(n, line.rstrip()) for n, line in enumerate(text.splitlines(), 1)]
    left = iter([(n, line) for n, line in lines if line and not line.startswith("#")])
    name, first = "", None
    for number, line in left:
        where = f"{file}, line {number}"
        if line.startswith("1 ") and first is None:
            first = (number, line)
        elif line.startswith("2 ") and first is not None:
            yield _record(first[1], line, name, f"{file}, lines {first[0]} and {number}")
            name, first = "", None
        elif line.startswith("2 "):
            yield Fault(where, "is a second line with no first line before it")
            name = ""
        else:
            if first is not None:
                yield Fault(f"{file}, line {first[0]}", "is a first line with no second after it")
                first = (number, line) if line.startswith("1 ") else None
            elif name:
                yield Fault(where, f"neither elements nor the name of any: {name!r} came before it")
            name = "" if first is not None else line.removeprefix("0 ").strip()
    if first is not None:
        yield Fault(f"{file}, line {first[0]}", "is a first line with no second after it")
    elif name:
        yield Fault(file, f"no elements follow {name!r}")


def _record(line1: str, line2: str, name: str, where: str) -> Record | Fault:
    where = f"{where} ({name})" if name else where
    try:
        elements = of_tle(line1, line2)
    except TleError as error:
        return Fault(where, str(error))
    orbit = Orbit(tle=TwoLineElements(line1=line1, line2=line2))
    return Record(where, name, elements.number, orbit)
