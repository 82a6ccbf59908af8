"""Dark or dead: what silence does to satellites and to what they run."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from perigee_api import names
from perigee_api.names import LOST_CONSENT_ANNOTATION, LOST_TAINT, MAINTENANCE_TAINT
from perigee_operator.domain.kinds import NODE, SATELLITE_NODE
from played.access import Json
from played.constellation import Constellation
from played.field import Field, eventually, operating, remains
from played.operator_process import Setting
from played.resources import contact, revision


async def taints_come_to(
    field: Field, name: str, *, has: str | None = None, lacks: str = ""
) -> None:
    async def taints() -> list[str]:
        return [t["key"] for t in (await field.node(name))["spec"].get("taints") or ()]

    await eventually(taints, lambda found: (has is None or has in found) and lacks not in found)


def condition(status: Json, type_: str) -> Json:
    return next(c for c in status["conditions"] if c["type"] == type_)


async def test_nothing_moves_while_a_satellite_is_dark_as_expected(field: Field) -> None:
    dark = next(iter(field.sky.satellites))
    await field.add_satellites()
    await field.add_model(placement={"replicas": 3})
    await field.model_comes_to(phase="Healthy")
    before = {pod["metadata"]["uid"] for pod in field.pods()}
    field.sky.lose(dark)
    await field.change_satellite(dark, {"orbit": {"fixed": None} | contact(-60, 50)})
    await field.satellite_comes_to(dark, "ExpectedDark")
    await field.for_a_while(lambda: len(field.serving()) == 3, 6)
    assert {pod["metadata"]["uid"] for pod in field.pods()} == before
    taints = (await field.node(dark))["spec"]["taints"]
    assert LOST_TAINT not in [taint["key"] for taint in taints]
    assert (await field.satellite_status(dark))["phase"] == "ExpectedDark"


async def test_lost_satellite_is_replaced_and_adopted_on_its_return(field: Field) -> None:
    await field.add_satellites()
    await field.add_model()
    await field.model_comes_to(phase="Healthy")
    await field.until(lambda: len(field.serving()) == 2)
    lost, kept = field.serving()
    (spare,) = set(field.sky.satellites) - {lost, kept}
    (left_behind,) = [p["metadata"]["uid"] for p in field.pods() if p["spec"]["nodeName"] == lost]
    field.sky.lose(lost)
    await field.satellite_comes_to(lost, "Lost")
    await field.until(lambda: field.serving() == sorted([kept, spare]))
    await taints_come_to(field, lost, has=LOST_TAINT)
    field.sky.restore(lost)
    await field.satellite_comes_to(lost, "InContact")
    await field.until(lambda: field.serving() == sorted([kept, lost]))
    await field.until(lambda: len(field.pods()) == 2)
    assert left_behind in {pod["metadata"]["uid"] for pod in field.pods()}
    await taints_come_to(field, lost, lacks=LOST_TAINT)
    assert [r for r in await field.events(lost) if r == "Lost"] == ["Lost"]


async def test_fleet_that_falls_silent_moves_nothing_until_a_human_consents(field: Field) -> None:
    await field.add_satellites()
    await field.add_model(placement={"replicas": 1})
    await field.model_comes_to(phase="Healthy")
    field.sky.serving.end("m")  # Nobody can be reached.
    for name in field.sky.satellites:
        field.sky.lose(name)
    phases = await _phases_come_to(field, ["Suspect", "Suspect", "Suspect"])
    await eventually(lambda: _held(field), lambda found: len(found) == 3)
    await remains(phases, lambda found: found == ["Suspect", "Suspect", "Suspect"], seconds=3)
    name = next(iter(field.sky.satellites))
    assert condition(await field.satellite_status(name), "LossHeld")["reason"] == "GroundDeaf"
    await _consent_to(field, name)


async def test_more_losses_than_the_budget_wait_for_a_human(field: Field) -> None:
    await field.add_satellites()
    await field.add_model(placement={"replicas": 1})
    await field.model_comes_to(phase="Healthy")
    field.sky.serving.end("m")  # It may be on one of those that fall silent.
    heard, *silent = field.sky.satellites
    for name in silent:
        field.sky.lose(name)
    phases = await _phases_come_to(field, ["InContact", "Lost", "Suspect"])
    await remains(phases, lambda found: found == ["InContact", "Lost", "Suspect"], seconds=3)
    (held,) = await _held(field)
    assert condition(await field.satellite_status(held), "LossHeld")["reason"] == "BudgetSpent"
    await _consent_to(field, held)
    assert await phases() == ["InContact", "Lost", "Lost"]
    assert (await field.satellite_status(heard))["phase"] == "InContact"


async def _phases_come_to(field: Field, wanted: list[str]) -> Callable[[], Awaitable[list[str]]]:
    async def phases() -> list[str]:
        found = [await field.satellite_status(name) for name in field.sky.satellites]
        return sorted(status["phase"] for status in found)

    await eventually(phases, lambda found: found == wanted)
    return phases


async def _consent_to(field: Field, name: str) -> None:
    annotation = {"metadata": {"annotations": {LOST_CONSENT_ANNOTATION: "1"}}}
    await field.access.patch(SATELLITE_NODE, name, annotation)
    status = await field.satellite_comes_to(name, "Lost")
    assert condition(status, "LossHeld")["status"] == "False"


async def _held(field: Field) -> list[str]:
    return [name for name in field.sky.satellites if await _is_held(field, name)]


async def _is_held(field: Field, name: str) -> bool:
    return bool(condition(await field.satellite_status(name), "LossHeld")["status"] == "True")


async def test_silence_of_the_agent_alone_is_no_loss(field: Field) -> None:
    quiet = next(iter(field.sky.satellites))
    await field.add_satellites()
    await field.add_model(placement={"replicas": 3})
    await field.model_comes_to(phase="Healthy")
    field.sky.satellites[quiet].agent = False

    async def silent() -> str:
        return str(condition(await field.satellite_status(quiet), "AgentSilent")["status"])

    await eventually(silent, lambda status: status == "True")
    await field.for_a_while(lambda: len(field.serving()) == 3, 5)
    assert (await field.satellite_status(quiet))["phase"] == "InContact"
    field.sky.satellites[quiet].agent = True
    await eventually(silent, lambda status: status == "False")


async def test_maintenance_takes_a_satellite_out_and_back(field: Field) -> None:
    await field.add_satellites()
    await field.add_model()
    await field.model_comes_to(phase="Healthy")
    await field.until(lambda: len(field.serving()) == 2)
    name = field.serving()[0]
    await field.change_satellite(name, {"maintenance": True})
    await field.satellite_comes_to(name, "Maintenance")
    await taints_come_to(field, name, has=MAINTENANCE_TAINT)
    await field.until(lambda: len(field.serving()) == 2 and name not in field.serving())
    await field.change_satellite(name, {"maintenance": False})
    await field.satellite_comes_to(name, "InContact")
    await taints_come_to(field, name, lacks=MAINTENANCE_TAINT)


async def test_decommissioned_satellite_is_cleared(field: Field) -> None:
    await field.add_satellites()
    await field.add_model()
    await field.model_comes_to(phase="Healthy")
    await field.until(lambda: len(field.serving()) == 2)
    name = field.serving()[0]
    field.sky.lose(name)
    await field.change_satellite(name, {"decommissioned": True})
    await taints_come_to(field, name, has="node.kubernetes.io/out-of-service")
    await field.until(lambda: len(field.serving()) == 2 and name not in field.serving())


async def test_observe_judges_and_touches_nothing(sky: Constellation, setting: Setting) -> None:
    field = Field(sky)
    async with operating(replace(setting, mode="Observe")):
        await field.add_satellites()
        await field.add_model()
        for name in sky.satellites:
            await field.satellite_comes_to(name, "InContact")
        silent = next(iter(sky.satellites))
        sky.lose(silent)
        await field.satellite_comes_to(silent, "Lost")
        await field.is_told_of(silent, "Lost")
        assert (await field.model_status())["observedGeneration"] == 1
        for name in sky.satellites:
            node = await field.node(name)
            managers = {entry["manager"] for entry in node["metadata"]["managedFields"]}
            assert names.FIELD_MANAGER not in managers
        assert sky.pods == {}
        assert revision("a") == (await field.model_status())["candidateRevision"]


async def test_labelled_node_is_discovered_and_placed_by_a_human(field: Field) -> None:
    name = next(iter(field.sky.satellites))
    status = await field.satellite_comes_to(name, "Pending")
    assert condition(status, "OrbitValid")["reason"] == "OrbitUnknown"
    body = {
        "apiVersion": names.API_VERSION,
        "kind": "SatelliteNode",
        "metadata": {"name": name},
        "spec": {"orbit": contact(-10, 3600)},
    }
    await field.access.call(
        "PATCH",
        f"/apis/{names.API_VERSION}/satellitenodes/{name}",
        body=body,
        content_type="application/apply-patch+yaml",
    )
    await field.satellite_comes_to(name, "InContact")

    async def orbit() -> Json:
        found = await field.access.get(SATELLITE_NODE, name)
        assert found is not None
        return dict(found["spec"]["orbit"])

    await eventually(orbit, lambda found: list(found) == ["contacts"])


async def test_deleted_satellite_leaves_a_clean_node_and_stays_away(field: Field) -> None:
    await field.add_satellites()
    await field.add_model()
    await field.model_comes_to(phase="Healthy")
    await field.until(lambda: len(field.serving()) == 2)
    name = field.serving()[0]
    await field.access.delete(SATELLITE_NODE, name)

    async def marks() -> list[str]:
        labels = (await field.node(name))["metadata"]["labels"]
        return [label for label in labels if "perigee.space" in label]

    await eventually(marks, lambda found: found == [])
    await field.until(lambda: len(field.serving()) == 2 and name not in field.serving())

    async def discovered() -> bool:
        return await field.access.get(SATELLITE_NODE, name) is not None

    await remains(discovered, lambda found: not found, seconds=2)
    assert await field.access.get(NODE, name) is not None
