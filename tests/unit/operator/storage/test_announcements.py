"""Events, as ``kubectl describe`` shows them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.kinds import INFERENCE_MODEL, NODE, SATELLITE_NODE
from perigee_operator.domain.writes import Announce, EventType, ObjectKey
from perigee_operator.storage.announcements import (
    announced,
    cut,
    event_body,
    event_digest,
    event_key,
)

LOST = Announce(
    regarding=ObjectKey(SATELLITE_NODE, "sat-1"),
    uid="u1",
    type=EventType.WARNING,
    reason="Lost",
    action="DeclareLost",
    note="silent for 61 s of contact",
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
)
PROMOTED = replace(LOST, regarding=ObjectKey(INFERENCE_MODEL, "cloud-mask", "models"))
REFUSED = replace(LOST, regarding=ObjectKey(NODE, "n" * 64))


def test_body() -> None:
    assert event_body(PROMOTED, "ground-1") == {
        "metadata": {"annotations": {}},
        "eventTime": "2026-03-01T12:00:00.000000Z",
        "type": "Warning",
        "reason": "Lost",
        "action": "DeclareLost",
        "note": "silent for 61 s of contact",
        "regarding": {
            "apiVersion": "perigee.space/v1alpha1",
            "kind": "InferenceModel",
            "name": "cloud-mask",
            "namespace": "models",
            "uid": "u1",
        },
        "reportingController": "perigee.space/operator",
        "reportingInstance": "ground-1",
    }


@pytest.mark.parametrize(
    "announce", [LOST, PROMOTED, REFUSED, replace(PROMOTED, revision="3f", by="ann")]
)
def test_an_event_still_tells_all_that_was_announced(announce: Announce) -> None:
    assert announced(event_body(announce, "ground-1")) == announce


def test_an_event_about_something_else_tells_nothing() -> None:
    assert announced({"regarding": {"kind": "Pod"}}) is None
    assert announced({}) is None


def test_the_digest_is_what_a_name_ends_in() -> None:
    dotted = replace(LOST, regarding=ObjectKey(SATELLITE_NODE, "sat.1"))
    assert event_key(dotted).name == f"sat.1.{event_digest(event_key(dotted).name)}"


def test_an_event_is_kept_beside_its_object() -> None:
    assert event_key(PROMOTED).namespace == "models"
    assert event_key(LOST).namespace == "default"
    assert "namespace" not in event_body(LOST, "ground-1")["regarding"]


def test_the_same_transition_has_the_same_name() -> None:
    assert event_key(LOST) == event_key(replace(LOST))
    assert event_key(LOST).name.startswith("sat-1.")


@pytest.mark.parametrize(
    "change",
    [
        {"uid": "u2"},
        {"type": EventType.NORMAL},
        {"reason": "Suspect"},
        {"action": "Suspect"},
        {"note": "silent for 62 s of contact"},
        {"at": LOST.at + timedelta(seconds=1)},
    ],
)
def test_another_one_has_another_name(change: dict[str, Any]) -> None:
    assert event_key(replace(LOST, **change)) != event_key(LOST)


def test_the_longest_name_still_makes_a_name() -> None:
    key = event_key(replace(LOST, regarding=ObjectKey(SATELLITE_NODE, "a" * 199 + "." + "b" * 53)))
    assert len(key.name) <= 253
    assert ".." not in key.name


@given(st.text(), st.integers(3, 40))
def test_a_note_is_cut_to_fit(text: str, max_bytes: int) -> None:
    short = cut(text, max_bytes)
    assert len(short.encode()) <= max_bytes
    assert short == text or text.startswith(short.removesuffix("…"))
