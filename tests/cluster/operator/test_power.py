"""Watts that a satellite states are room on its Node, of which the scheduler gives away."""

from perigee_api import names
from played.constellation import Constellation
from played.field import Field, eventually, operating
from played.operator_process import Setting


async def test_the_power_that_a_satellite_states_is_shared(
    sky: Constellation, setting: Setting
) -> None:
    field = Field(sky)
    first, *others = sky.satellites
    async with operating(setting):
        await field.add_satellites(first, hardware={"power": 5})
        await field.add_satellites(*others)
        await field.add_model("a", "m", placement={"replicas": 1}, resources={"power": 3})
        await field.model_comes_to(phase="Healthy")
        (pod,) = field.pods()
        assert pod["spec"]["nodeName"] == first
        await field.add_model("b", "other", placement={"replicas": 1}, resources={"power": 3})
        await eventually(
            lambda: field.model_status("other"),
            lambda status: (
                f"{first} has 2 W of the 3 W of power asked for" in status.get("message", "")
            ),
        )
        await field.change_satellite(first, {"hardware": {"power": 6}})
        await field.model_comes_to(name="other", phase="Healthy")
    node = await field.node(first)
    assert node["status"]["allocatable"][names.POWER_RESOURCE] == "6k"
