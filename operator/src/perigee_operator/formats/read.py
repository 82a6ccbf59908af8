"""Files of orbital elements: which format it is, and what is in it."""

import json
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from perigee_operator.formats.kvn import kvn_messages
from perigee_operator.formats.record import Fault, Record, of_keywords
from perigee_operator.formats.two_line import two_line_records


def read(text: str, file: str) -> Iterator[Record | Fault]:
    """The satellites in a file, and what is wrong with those that make no sense.

    OMM in JSON, XML or KVN, or two-line elements with or without names; what it is shows at its
    beginning.

    Args:
        text: what the file has in it.
        file: its name, for what is said of it.
    """
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        yield Fault(file, "there is nothing in it")
    elif start[0] in "[{":
        yield from _json(start, file)
    elif start[0] == "<":
        yield from _xml(start, file)
    elif "CCSDS_OMM_VERS" in start:
        yield from kvn_messages(start, file)
    else:
        yield from two_line_records(text.lstrip("\ufeff"), file)


def _json(text: str, file: str) -> Iterator[Record | Fault]:
    try:
        found = json.loads(text)
    except ValueError as error:
        yield Fault(file, f"is not JSON: {error}")
        return
    except RecursionError:
        yield Fault(file, "is no list of messages: it is nested too deep")
        return
    messages = found if isinstance(found, list) else [found]
    if not messages:
        yield Fault(file, "there is no message in it")
    for number, message in enumerate(messages, 1):
        where = f"{file}, record {number}"
        if isinstance(message, Mapping):
            yield of_keywords(message, where)
        else:
            yield Fault(where, f"is {type(message).__name__}, not an object with keywords of OMM")


def _xml(text: str, file: str) -> Iterator[Record | Fault]:
    try:
        root: Element = fromstring(text)
    except ParseError as error:
        yield Fault(file, f"is not XML: {error}")
        return
    except (DefusedXmlException, ValueError) as error:
        yield Fault(file, f"is XML that is not read for safety: {error}")
        return
    messages = [element for element in root.iter() if _local(element) == "omm"]
    if not messages:
        yield Fault(file, "there is no element omm in it")
    for number, message in enumerate(messages, 1):
        leaves = {_local(e): (e.text or "").strip() for e in message.iter() if not len(e)}
        yield of_keywords(leaves, f"{file}, record {number}")


def _local(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
