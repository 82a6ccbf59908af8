"""Rollouts, as they go and as they end."""

from typing import Any

from perigee_api.heartbeat import ArtifactReport, ArtifactState
from perigee_api.termination import TerminationReason
from perigee_operator.domain.kinds import (
    CONTROLLER_REVISION,
    INFERENCE_MODEL,
    LEASE,
    POD,
    REPLICA_SET,
    SERVICE,
)
from played import pod_status
from played.field import Field, eventually, remains
from played.resources import contact, revision

CANARY: dict[str, Any] = {"steps": [{"wave": {"count": 1}}, {"pause": {"duration": 1}}]}

Json = dict[str, Any]


def fails_its_golden_set(address: str) -> Json:
    return pod_status.given_up(address, TerminationReason.GOLDEN_SET_FAILED, "agreement 0.5")


async def test_good_revision_is_promoted_step_by_step(field: Field) -> None:
    await field.add_satellites()
    steps = [{"wave": {"count": 1}}, {"analysis": {"golden": {}}}, {"weight": 50}]
    await field.add_model(rollout={"steps": [*steps, {"pause": {"duration": 1}}]})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
    await field.ask_for("b")
    await field.model_comes_to(candidate_revision=revision("b"), weight=50)
    await field.until(lambda: len(field.serving(revision("a"))) == 1)
    status = await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
    assert status["previousRevision"] == revision("a")
    await field.until(lambda: len(field.serving(revision("b"))) == 2)
    reasons = await eventually(lambda: field.events("m"), lambda told: told.count("Promoted") == 2)
    assert reasons.count("StepPassed") == 4


async def test_two_models_end_differently(field: Field) -> None:
    field.sky.statuses["d" * 64] = fails_its_golden_set
    await field.add_satellites()
    await field.add_model(name="one", rollout=CANARY)
    await field.add_model(name="two", rollout=CANARY)
    await field.model_comes_to(name="one", phase="Healthy")
    await field.model_comes_to(name="two", phase="Healthy")
    await field.ask_for("b", "one")
    await field.ask_for("d", "two")
    await field.model_comes_to(name="one", phase="Healthy", stable_revision=revision("b"))
    status = await field.model_comes_to(name="two", phase="Degraded")
    assert status["stableRevision"] == revision("a")
    assert status["aborted"]["reason"] == "GoldenSetFailed"
    assert "agreement 0.5" in status["message"]


async def test_digest_that_does_not_match_aborts(field: Field) -> None:
    for satellite in field.sky.satellites.values():
        satellite.faults["d" * 64] = ArtifactReport(
            state=ArtifactState.FAILED, reason="DigestMismatch", message="the digest is another"
        )
    await field.add_satellites()
    await field.add_model(rollout=CANARY)
    await field.model_comes_to(phase="Healthy")
    await field.ask_for("d")
    status = await field.model_comes_to(phase="Degraded")
    assert status["aborted"]["reason"] == "DigestMismatch"
    assert "the digest is another" in status["message"]
    assert field.pods(revision("d")) == []


async def test_image_that_cannot_be_had_aborts(field: Field) -> None:
    field.sky.statuses["d" * 64] = pod_status.no_image
    await field.add_satellites()
    await field.add_model(rollout=CANARY)
    await field.model_comes_to(phase="Healthy")
    await field.ask_for("d")
    status = await field.model_comes_to(phase="Degraded")
    assert status["aborted"]["reason"] == "CannotStart"
    await field.until(lambda: field.pods(revision("d")) == [])
    await field.until(lambda: len(field.serving(revision("a"))) == 2)


async def test_deadline_counts_contact_alone(field: Field) -> None:
    """A candidate that never gets ready fails where it is in contact, and waits in the dark."""
    names = list(field.sky.satellites)
    await field.add_satellites()
    rollout = CANARY | {"deadline": 3, "maxUnreachable": "0%"}
    await field.add_model(placement={"replicas": 3}, rollout=rollout)
    await field.model_comes_to(phase="Healthy")
    field.sky.statuses["b" * 64] = pod_status.starting
    field.sky.serving.end("m")  # Nobody can be reached.
    for name in names:
        field.sky.lose(name)
        await field.change_satellite(name, {"orbit": {"fixed": None} | contact(-60, 40)})
    for name in names:
        await field.satellite_comes_to(name, "ExpectedDark")
    await field.ask_for("b")
    await field.model_comes_to(phase="Waiting", candidate_revision=revision("b"))
    await remains(
        field.model_status,
        lambda s: (s["phase"], s["candidateRevision"]) == ("Waiting", revision("b")),
        seconds=5,
    )
    for name in names:
        await field.change_satellite(name, {"orbit": contact(-1, 3600)})
        field.sky.restore(name)
    status = await field.model_comes_to(phase="Degraded")
    assert status["aborted"]["reason"] == "DeadlineExceeded"
    assert status["stableRevision"] == revision("a")


async def test_paused_rollout_holds_and_goes_on(field: Field) -> None:
    field.sky.statuses["b" * 64] = pod_status.starting
    await field.add_satellites()
    await field.add_model(rollout=CANARY)
    await field.model_comes_to(phase="Healthy")
    await field.ask_for("b")
    await field.until(lambda: bool(field.pods(revision("b"))))
    await field.change_model({"paused": True})
    await field.model_comes_to(phase="Paused", candidate_revision=revision("b"))
    field.sky.turn("b" * 64, pod_status.running)
    await field.until(lambda: any(map(pod_status.is_ready, field.pods(revision("b")))))
    await remains(field.model_status, lambda s: s["rollout"]["step"] == 0, seconds=3)
    await field.change_model({"paused": False})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))


async def test_rollout_that_is_asked_for_while_paused_waits(field: Field) -> None:
    await field.add_satellites()
    await field.add_model(rollout=CANARY)
    await field.model_comes_to(phase="Healthy")
    await field.change_model({"paused": True})
    await field.ask_for("b")
    status = await field.model_comes_to(phase="Paused")
    assert revision("b") in status["message"]
    await remains(field.model_status, lambda s: "rollout" not in s, seconds=3)
    await field.change_model({"paused": False})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))


async def test_change_of_mind_takes_the_place_of_a_rollout(field: Field) -> None:
    field.sky.statuses["b" * 64] = pod_status.starting
    await field.add_satellites()
    await field.add_model(rollout=CANARY)
    await field.model_comes_to(phase="Healthy")
    await field.ask_for("b")
    await field.until(lambda: bool(field.pods(revision("b"))))
    await field.ask_for("c")
    await field.model_comes_to(phase="Healthy", stable_revision=revision("c"))
    await field.until(lambda: field.pods(revision("b")) == [])
    await field.until(lambda: len(field.serving(revision("c"))) == 2)


async def test_way_back_is_direct(field: Field) -> None:
    await field.add_satellites()
    await field.add_model(rollout={"steps": [{"wave": {"count": 1}}, {"pause": {"duration": 5}}]})
    await field.model_comes_to(phase="Healthy")
    await field.change_model({"rollout": {"steps": []}})
    await field.ask_for("b")
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
    await field.change_model({"rollout": {"steps": [{"pause": {"duration": 3600}}]}})
    await field.ask_for("a")
    await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
    await field.until(lambda: len(field.serving(revision("a"))) == 2)


async def test_model_deleted_during_a_rollout_leaves_nothing(field: Field) -> None:
    field.sky.statuses["b" * 64] = pod_status.starting
    await field.add_satellites()
    await field.add_model(rollout=CANARY)
    await field.model_comes_to(phase="Healthy")
    await field.ask_for("b")
    await field.until(lambda: bool(field.pods(revision("b"))))
    field.sky.serving.end("m")
    await field.access.delete(INFERENCE_MODEL, "m", field.sky.namespace)
    assert await field.access.get(INFERENCE_MODEL, "m", field.sky.namespace) is None

    async def left() -> list[Json]:
        kinds = (REPLICA_SET, SERVICE, CONTROLLER_REVISION, POD)
        found = [i for k in kinds for i in await field.access.list(k, field.sky.namespace)]
        nodes = [await field.node(name) for name in field.sky.satellites]
        labels = [label for node in nodes for label in node["metadata"]["labels"]]
        return found + [label for label in labels if "models.perigee.space" in label]

    await eventually(left, lambda found: found == [])
    selector = f"world={field.sky.world}"
    leases = await field.access.list(LEASE, "perigee-heartbeats", selector)
    assert all(
        '"artifacts":[]' in lease["metadata"]["annotations"]["perigee.space/assignment"]
        for lease in leases
    )


async def test_every_satellite_gets_it_and_a_dark_one_catches_up(field: Field) -> None:
    *near, far = field.sky.satellites
    await field.add_satellites(*near)
    await field.add_satellites(far, orbit=contact(-5, 3600))
    rollout = {"steps": [{"wave": {"percent": 50}}], "maxUnreachable": "34%"}
    await field.add_model(placement={"everySatellite": True}, rollout=rollout)
    await field.model_comes_to(phase="Healthy", active=3)
    field.sky.lose(far)
    await field.change_satellite(far, {"orbit": contact(-60, 40)})
    await field.satellite_comes_to(far, "ExpectedDark")
    await field.ask_for("b")
    await field.model_comes_to(stable_revision=revision("b"))
    await field.until(lambda: field.serving(revision("b")) == near)
    await field.until(lambda: field.serving(revision("a")) == [far])
    await field.for_a_while(lambda: field.serving(revision("a")) == [far], 2)
    await field.change_satellite(far, {"orbit": contact(-1, 3600)})
    field.sky.restore(far)
    await field.until(lambda: len(field.serving(revision("b"))) == 3)
    await field.until(lambda: field.pods(revision("a")) == [])


async def test_more_unreachable_than_allowed_hold_a_step(field: Field) -> None:
    *near, far = field.sky.satellites
    await field.add_satellites(*near)
    await field.add_satellites(far, orbit=contact(-5, 3600))
    rollout = {"steps": [{"wave": {"percent": 100}}], "maxUnreachable": "20%"}
    await field.add_model(placement={"everySatellite": True}, rollout=rollout)
    await field.model_comes_to(phase="Healthy", active=3)
    field.sky.lose(far)
    await field.change_satellite(far, {"orbit": contact(-60, 40)})
    await field.satellite_comes_to(far, "ExpectedDark")
    await field.ask_for("b")
    await field.model_comes_to(phase="Waiting", candidate_revision=revision("b"))
    await field.for_a_while(lambda: len(field.serving(revision("a"))) == 3, 2)
    await field.change_model({"rollout": {"maxUnreachable": "34%"}})
    await field.model_comes_to(stable_revision=revision("b"))
