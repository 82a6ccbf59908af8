from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perigee_api.names import ASSIGNMENT_ANNOTATION, REPORT_ANNOTATION
from perigee_edge.report.lease import HeartbeatError, LeaseClient, lease_body

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
BODY = lease_body(node_name="sat-1", renewed_at=NOON, duration_s=39.5, report='{"sequence":1}')


@pytest.fixture
async def lease(api: Any) -> AsyncIterator[LeaseClient]:
    async with api.up():
        client = LeaseClient(api.server, "sat-1")
        yield client
        await client.close()


async def failure(lease: LeaseClient) -> str:
    with pytest.raises(HeartbeatError) as raised:
        await lease.renew(BODY, timeout_s=2)
    return raised.value.cause


async def test_the_first_heartbeat_makes_the_lease_and_others_renew_it(
    api: Any, lease: LeaseClient
) -> None:
    for _ in range(3):
        await lease.renew(BODY, timeout_s=2)
    assert api.requests == ["PATCH", "POST", "PATCH", "PATCH"]
    assert api.leases["sat-1"]["spec"] == {
        "holderIdentity": "sat-1",
        "leaseDurationSeconds": 40,
        "renewTime": "2026-03-01T12:00:00.250000Z",
    }
    assert api.leases["sat-1"]["metadata"]["annotations"] == {REPORT_ANNOTATION: '{"sequence":1}'}


async def test_the_answer_brings_what_the_ground_wrote_and_the_write_leaves_it_alone(
    api: Any, lease: LeaseClient
) -> None:
    await lease.renew(BODY, timeout_s=2)
    api.leases["sat-1"]["metadata"]["annotations"][ASSIGNMENT_ANNOTATION] = "for you"
    answer = await lease.renew(BODY, timeout_s=2)
    assert answer[ASSIGNMENT_ANNOTATION] == "for you"


async def test_a_token_that_was_renewed_is_used(api: Any, lease: LeaseClient) -> None:
    await lease.renew(BODY, timeout_s=2)
    api.token = "second"
    assert await failure(lease) == "Http401"
    api.write_token()
    await lease.renew(BODY, timeout_s=2)


async def test_each_failure_has_a_cause_and_ends(api: Any, lease: LeaseClient) -> None:
    await lease.renew(BODY, timeout_s=2)
    api.refuse_with = 403
    assert await failure(lease) == "Http403"
    api.refuse_with = None
    token = api.server.token_file.read_text()
    api.server.token_file.unlink()
    assert await failure(lease) == "CredentialsUnreadable"
    api.server.token_file.write_text("no\u00efve")
    assert await failure(lease) == "CredentialsUnreadable"
    api.server.token_file.write_text("two\nlines")
    assert await failure(lease) == "CredentialsUnreadable"
    api.server.token_file.write_text(token)
    await lease.renew(BODY, timeout_s=2)
    certificate = api.server.ca_file.read_text()
    await lease.close()
    api.server.ca_file.write_text("no certificate")
    assert await failure(lease) == "CredentialsUnreadable"
    api.server.ca_file.write_text(certificate)
    await lease.renew(BODY, timeout_s=2)
    api.leases["sat-1"]["metadata"]["annotations"] = "not a map"
    api.hang.clear()
    assert await failure(lease) == "Unreachable"
    api.hang.set()


async def test_an_answer_that_is_no_lease_is_a_failure(api: Any, lease: LeaseClient) -> None:
    await lease.renew(BODY, timeout_s=2)
    api.leases["sat-1"]["metadata"]["annotations"] = {ASSIGNMENT_ANNOTATION: 5}
    assert await failure(lease) == "AnswerUnreadable"


async def test_a_server_with_another_certificate_gets_no_token(
    api: Any, new_certificate: Callable[[Path], None]
) -> None:
    async with api.up():
        lease = LeaseClient(api.server, "sat-1")
        new_certificate(api.directory)
        assert await failure(lease) == "Unreachable"
        assert api.requests == []
