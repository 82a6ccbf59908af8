"""The API server is away, slow, or refuses for a while."""

import asyncio
from dataclasses import replace
from pathlib import Path

from played.constellation import Constellation
from played.field import Field, operating
from played.operator_process import Setting
from played.proxy import way_to
from played.resources import revision

AWAY_S = 60


async def test_api_server_away_for_a_minute_moves_nothing(
    sky: Constellation, setting: Setting, tmp_path: Path
) -> None:
    """Satellites fall silent meanwhile and are back: nobody has listened, so nobody judges."""
    field = Field(sky)
    copy = tmp_path / "kubeconfig"
    own = replace(setting, kubeconfig=copy)
    async with way_to(setting.kubeconfig, copy) as way, operating(own):
        await field.add_satellites()
        steps = [{"wave": {"count": 1}}, {"pause": {"duration": 3}}, {"weight": 50}]
        await field.add_model(rollout={"steps": steps})
        await field.model_comes_to(phase="Healthy")
        await field.ask_for("b")
        await field.until(lambda: len(field.pods(revision("b"))) == 1)
        way.cut()
        await asyncio.sleep(1)
        before = await field.model_status()
        pods = {pod["metadata"]["uid"] for pod in field.pods()}
        for name in sky.satellites:
            sky.satellites[name].agent = sky.satellites[name].kubelet_lease = False
        await asyncio.sleep(AWAY_S - 2)
        for name in sky.satellites:
            sky.satellites[name].agent = sky.satellites[name].kubelet_lease = True
        await asyncio.sleep(1)
        assert await field.model_status() == before
        way.restore()
        await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
        assert pods & {pod["metadata"]["uid"] for pod in field.pods()}
        for name in sky.satellites:
            assert "Lost" not in await field.events(name)
            assert "Suspect" not in await field.events(name)


async def test_slow_answers_only_slow_things_down(
    sky: Constellation, setting: Setting, tmp_path: Path
) -> None:
    field = Field(sky)
    copy = tmp_path / "kubeconfig"
    async with way_to(setting.kubeconfig, copy) as way:
        way.delay_s = 0.3
        async with operating(replace(setting, kubeconfig=copy)):
            await field.add_satellites()
            await field.add_model()
            await field.model_comes_to(phase="Healthy")
            await field.until(lambda: len(field.serving()) == 2)
