"""What the API server admits of an agent's writes to heartbeat Leases."""

from typing import Any

import httpx
import pytest

from installed.callers import APPLY, MERGE, Caller
from installed.objects import LEASES, OTHER, OWN, lease, reporting
from perigee_api.heartbeat import MAX_REPORT_BYTES
from perigee_api.names import ASSIGNMENT_ANNOTATION, REPORT_ANNOTATION

OPERATORS = "perigee-operator"
"""The Lease by which the operator knows that it hears."""


def test_an_agent_makes_the_lease_of_its_node(agent: Caller, client: httpx.Client) -> None:
    assert agent("POST", LEASES, lease(OWN, **reporting("{}"))).status_code == httpx.codes.CREATED
    client.delete(f"{LEASES}/{OWN}").raise_for_status()


@pytest.mark.usefixtures("leases")
def test_an_agent_renews_it_and_the_answer_brings_the_assignment(agent: Caller) -> None:
    answer = agent("PATCH", f"{LEASES}/{OWN}", lease(OWN, **reporting("{}")), MERGE)
    assert answer.status_code == httpx.codes.OK
    assert answer.json()["metadata"]["annotations"] == {
        REPORT_ANNOTATION: "{}",
        ASSIGNMENT_ANNOTATION: '{"epoch":1}',
    }


@pytest.mark.usefixtures("leases")
@pytest.mark.parametrize("character", ["x", "é", "🛰"])
def test_a_report_may_be_as_long_as_the_messages_say(agent: Caller, character: str) -> None:
    longest = character * (MAX_REPORT_BYTES // len(character.encode()))
    renewal = lease(OWN, **reporting(longest))
    assert agent("PATCH", f"{LEASES}/{OWN}", renewal, MERGE).is_success
    renewal = lease(OWN, **reporting(longest + "x"))
    answer = agent("PATCH", f"{LEASES}/{OWN}", renewal, MERGE)
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


def test_an_agent_does_not_start_with_a_longer_one(agent: Caller) -> None:
    answer = agent("POST", LEASES, lease(OWN, **reporting("x" * (MAX_REPORT_BYTES + 1))))
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.usefixtures("leases")
@pytest.mark.parametrize(
    ("node", "body", "kind"),
    [
        (OTHER, lease(OTHER, **reporting("false")), MERGE),
        (OTHER, {"spec": {"renewTime": "2026-03-01T12:00:00.000000Z"}}, MERGE),
        (OTHER, {"spec": None}, MERGE),
        (OTHER, {"metadata": {"annotations": {"example.com/a": "b"}}}, MERGE),
        (OTHER, {"metadata": {"annotations": {REPORT_ANNOTATION: None}}}, MERGE),
        (OTHER, {"metadata": {"labels": {"a": "b"}}}, MERGE),
        (OTHER, {}, MERGE),
        (OTHER, lease(OTHER), APPLY),
        ("chart-test-3", lease("chart-test-3"), APPLY),
        (OPERATORS, lease(OPERATORS), APPLY),
    ],
    ids=[
        "report",
        "renew",
        "make as never renewed",
        "annotate",
        "take the report away",
        "label",
        "read by an empty patch",
        "apply",
        "make by apply",
        "speak for the operator",
    ],
)
def test_an_agent_has_no_business_with_another_satellites_lease(
    agent: Caller, node: str, body: dict[str, Any], kind: str
) -> None:
    answer = agent("PATCH", f"{LEASES}/{node}?fieldManager=agent", body, kind)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert (
        f'the agent on Node "{OWN}" may write the Lease of that name only'
        in answer.text.replace("\\", "")
    )


@pytest.mark.parametrize(
    "metadata", [{"name": OTHER}, {"generateName": "chart-test-"}], ids=["named", "generated"]
)
def test_an_agent_makes_no_lease_for_another(agent: Caller, metadata: dict[str, str]) -> None:
    answer = agent("POST", LEASES, lease(OTHER) | {"metadata": metadata})
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "may write the Lease of that name only" in answer.text


@pytest.mark.usefixtures("leases")
@pytest.mark.parametrize("text", ['{"epoch":2}', None], ids=["forge", "take away"])
def test_an_agent_does_not_touch_its_assignment(agent: Caller, text: str | None) -> None:
    change = {"metadata": {"annotations": {ASSIGNMENT_ANNOTATION: text}}}
    answer = agent("PATCH", f"{LEASES}/{OWN}", change, MERGE)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "is the operator's to write" in answer.text


def test_an_agent_does_not_start_with_an_assignment_of_its_own(agent: Caller) -> None:
    forged = {"annotations": {ASSIGNMENT_ANNOTATION: "{}"}}
    answer = agent("POST", LEASES, lease(OWN, **forged))
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "is the operator's to write" in answer.text


@pytest.mark.usefixtures("leases")
def test_an_agent_cannot_keep_its_lease_from_being_deleted(agent: Caller) -> None:
    change = {"metadata": {"finalizers": ["example.com/for-ever"]}}
    answer = agent("PATCH", f"{LEASES}/{OWN}", change, MERGE)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "a heartbeat has no finalizers" in answer.text
