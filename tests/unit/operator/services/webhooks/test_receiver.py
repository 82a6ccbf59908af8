"""What may be said of receivers, and of what they are told."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from perigee_operator.domain.kinds import SATELLITE_NODE
from perigee_operator.domain.writes import Announce, EventType, ObjectKey
from perigee_operator.services.webhooks.receiver import MAX_RECEIVERS, Receiver, Receivers

RECEIVERS: TypeAdapter[tuple[Receiver, ...]] = TypeAdapter(Receivers)
ON_CALL = {"name": "on-call", "url": "https://example.com/perigee"}
AT = datetime(2026, 3, 1, tzinfo=UTC)


def announce(type_: EventType, reason: str) -> Announce:
    return Announce(ObjectKey(SATELLITE_NODE, "sat-1"), "u", type_, reason, "Observe", "", AT)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "On call"}, "should match pattern"),
        ({"name": ""}, "should match pattern"),
        ({"name": "../etc/passwd"}, "should match pattern"),
        ({"url": "example.com"}, "valid URL"),
        ({"url": "ftp://example.com", "allowHttp": True}, "'http' or 'https'"),
        ({"url": "http://example.com"}, "allowHttp"),
        ({"types": ["Error"]}, "'Normal' or 'Warning'"),
        ({"caBundle": "nobody"}, "PEM"),
        ({"secret": "whsec_"}, "Extra inputs"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        RECEIVERS.validate_json(json.dumps([ON_CALL | change]))


def test_names_are_their_own() -> None:
    with pytest.raises(ValidationError, match="more than one receiver is named on-call"):
        RECEIVERS.validate_python([ON_CALL, ON_CALL])


def test_not_more_than_the_operator_has_memory_for() -> None:
    many = [{**ON_CALL, "name": f"r{number}"} for number in range(MAX_RECEIVERS)]
    assert len(RECEIVERS.validate_python(many)) == MAX_RECEIVERS
    with pytest.raises(ValidationError, match="too_long"):
        RECEIVERS.validate_python([*many, ON_CALL])


def test_a_receiver_is_shown_without_its_address() -> None:
    (receiver,) = RECEIVERS.validate_python(json.dumps([ON_CALL]))
    assert "example" not in repr(receiver)


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, [True, True, True]),
        ({"reasons": ["Lost"]}, [True, False, False]),
        ({"types": ["Normal"]}, [False, True, False]),
        ({"types": ["Warning"], "reasons": ["Lost", "Promoted"]}, [True, False, False]),
        ({"types": ["Normal", "Warning"]}, [True, True, True]),
    ],
)
def test_filters(filters: dict[str, Any], wanted: list[bool]) -> None:
    (receiver,) = RECEIVERS.validate_python([ON_CALL | filters])
    told = [
        announce(EventType.WARNING, "Lost"),
        announce(EventType.NORMAL, "Promoted"),
        announce(EventType.WARNING, "LossHeld"),
    ]
    assert [receiver.wants(each) for each in told] == wanted
