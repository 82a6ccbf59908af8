"""OMM in KVN: a keyword and its value a line. Source: CCSDS 502.0-B-3, chapter 7."""

import re
from collections.abc import Iterator

from perigee_operator.formats.record import Fault, Record, of_keywords

FIRST = "CCSDS_OMM_VERS"
"""The keyword that each message begins with."""

LINE = re.compile(r"\s*([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*(\[[^\]]*\])?\s*")
"""A keyword, a value, and its unit, which the standard fixes."""


def kvn_messages(text: str, file: str) -> Iterator[Record | Fault]:
    """The messages in a text, each from its version to the next."""
    keywords: dict[str, str] = {}
    number = 0
    for count, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.split()[0] == "COMMENT":
            continue
        found = LINE.fullmatch(line)
        if found is None:
            yield Fault(f"{file}, line {count}", f"is no keyword with a value: {line.strip()!r}")
            continue
        if found[1] == FIRST and keywords:
            number += 1
            yield of_keywords(keywords, f"{file}, record {number}")
            keywords = {}
        keywords[found[1]] = found[2]
    yield of_keywords(keywords, f"{file}, record {number + 1}")
