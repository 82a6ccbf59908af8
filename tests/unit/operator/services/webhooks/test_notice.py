"""What receivers are sent."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.kinds import INFERENCE_MODEL, SATELLITE_NODE
from perigee_operator.domain.writes import Announce, EventType, ObjectKey
from perigee_operator.services.webhooks.notice import (
    MAX_BODY_BYTES,
    notice_body,
    notice_id,
    without_secrets,
)
from perigee_operator.storage.announcements import event_body, event_key

DOCUMENT = Path(__file__).parents[5] / "docs/webhooks.md"

ABORTED = Announce(
    ObjectKey(INFERENCE_MODEL, "cloud-mask", "models"),
    "5a7c9a1e-8d7e-4a53-9f0a-0d5c3f1b7e11",
    EventType.WARNING,
    "RolloutAborted",
    "Rollout",
    "ann asked for Abort (wrong clouds): Revision 3f2a9c41 is given up.",
    datetime(2026, 3, 1, 12, 0, 7, 250_000, tzinfo=UTC),
    revision="3f2a9c41",
    by="ann",
)
LOST = Announce(
    ObjectKey(SATELLITE_NODE, "sat-1"),
    "u1",
    EventType.WARNING,
    "Lost",
    "Observe",
    "Suspect before. silent for 61 s of contact",
    datetime(2026, 3, 1, 12, tzinfo=UTC),
)


def told(announce: Announce, source: str = "perigee") -> dict[str, Any]:
    body: dict[str, Any] = json.loads(notice_body(announce, notice_id(announce), source))
    return body


def test_it_is_as_documented() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert told(ABORTED) == json.loads(example)


def test_what_has_no_namespace_revision_or_person_names_none() -> None:
    body = told(LOST, "ground-2")
    assert (body["source"], body["subject"]) == ("ground-2", "SatelliteNode/sat-1")
    assert body["data"].keys() == {"type", "reason", "action", "message", "object"}
    assert body["data"]["object"].keys() == {"apiVersion", "kind", "name", "uid"}


def test_the_identity_is_in_the_name_of_the_event() -> None:
    assert event_key(ABORTED).name == f"cloud-mask.{notice_id(ABORTED)}"
    assert notice_id(ABORTED) == notice_id(replace(ABORTED))
    assert notice_id(ABORTED) != notice_id(replace(ABORTED, uid="u2"))


TEXTS = st.text() | st.text(alphabet='\x01é☃😀\\"', min_size=900, max_size=2000)


@given(TEXTS, TEXTS, st.from_regex(r"\A[!-~]{1,256}\Z"))
def test_it_is_json_within_its_bounds(note: str, by: str, source: str) -> None:
    longest = ObjectKey(INFERENCE_MODEL, "m" * 52, "n" * 63)
    announce = replace(ABORTED, regarding=longest, note=note, by=by[:256], revision="r" * 63)
    body = notice_body(announce, notice_id(announce), source)
    assert len(body) <= MAX_BODY_BYTES
    assert json.loads(body)["source"] == source


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nothing to hide: a@b.c, 50 %?", "nothing to hide: a@b.c, 50 %?"),
        ("404 (http://depot/f.onnx)", "404 (http://depot/f.onnx)"),
        ("no answer (https://ann:pw@depot:80/f)", "no answer (https://depot:80/f)"),
        ("s3://key@depot/f#t and http://b:c@d", "s3://depot/f?… and http://d"),
        ("https://s3/f?X-Amz-Signature=abc&x=(y) fails", "https://s3/f?… fails"),
        ("cut: https://ann:p…", "cut: https://…"),
        ("cut: https://depot/file…", "cut: https://depot/file…"),
        ("http://a:p@w@host/", "http://host/"),
    ],
)
def test_urls_are_told_without_secrets(text: str, told: str) -> None:
    assert without_secrets(text) == told


@given(
    st.from_regex(r"\A[A-Za-z0-9!$&'()*+,;=:._~%-]{1,20}\Z"),
    st.from_regex(r"\A[!-~]{0,20}\Z"),
    st.sampled_from(["https", "s3"]),
    st.integers(0, 1100),
)
def test_no_credentials_come_through_even_where_a_note_is_cut(
    login: str, query: str, scheme: str, before: int
) -> None:
    secret = "S3CRET"
    note = f"{'x' * before} {scheme}://{login}{secret}@depot/file?{query}{secret} ends"
    announce = replace(ABORTED, note=note)
    assert secret not in told(announce)["data"]["message"]
    # What is told after a restart comes from the Event.
    again = replace(announce, note=str(event_body(announce, "ground-1")["note"]))
    assert secret not in told(again)["data"]["message"]
