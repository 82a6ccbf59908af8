"""People decide about rollouts, by the command."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

from played.field import Field
from played.operator_process import Setting
from played.resources import revision

COMMAND = str(Path(sys.executable).with_name("perigee-operator"))
GATED: list[dict[str, Any]] = [{"wave": {"count": 1}}, {"pause": {}}]


async def rollout(field: Field, setting: Setting, *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of ``perigee-operator rollout``."""
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "rollout", *words, "--namespace", field.sky.namespace),
        env={**os.environ, "KUBECONFIG": str(setting.kubeconfig)},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode().strip(), err.decode().strip()


async def test_somebody_says_go_and_goes_back(field: Field, setting: Setting) -> None:
    await field.add_satellites()
    await field.add_model(rollout={"steps": GATED})
    await field.model_comes_to(phase="Healthy", stable_revision=revision("a"))
    await field.ask_for("b")
    await field.model_comes_to(phase="Waiting", candidate_revision=revision("b"))

    status, out, err = await rollout(field, setting, "status", "m")
    assert (status, err) == (0, "")
    assert "▶ 2. pause: until somebody says go" in out

    status, out, _ = await rollout(field, setting, "resume", "m", "--revision", revision("x"))
    assert status == 1

    status, out, _ = await rollout(field, setting, "resume", "m", "--reason", "seen the figures")
    assert (status, out) == (0, f"Step 2 of revision {revision('b')} counts as passed.")
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))

    status, out, _ = await rollout(field, setting, "back", "m", "--output", "json")
    assert status == 0
    assert json.loads(out)["message"] == f"Revision {revision('a')} is to serve again."
    found = await field.model_comes_to(phase="Degraded", stable_revision=revision("a"))
    await field.until(lambda: len(field.serving(revision("a"))) == 2)
    entry = next(e for e in found["history"] if e["reason"] == "RolloutResumed")
    assert entry["by"]
    assert "(seen the figures)" in entry["message"]
    assert found["pinned"]["by"] == entry["by"]
    await field.is_told_of("m", "RolloutResumed", "RolledBack")

    status, out, err = await rollout(field, setting, "promote", "m")
    assert (status, out, err) == (1, "", "Refused: No rollout is under way.")
    assert (await rollout(field, setting, "retry", "m"))[0] == 0
    await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))


async def test_a_model_that_does_not_exist(field: Field, setting: Setting) -> None:
    status, _, err = await rollout(field, setting, "abort", "nobody")
    assert status == 1
    assert err == (
        f"Refused: There is no InferenceModel nobody in namespace {field.sky.namespace}."
    )
    status, _, err = await rollout(field, setting, "status", "nobody")
    assert status == 1
    assert "not found" in err


async def test_no_api_server(tmp_path: Path) -> None:
    absent = {**os.environ, "KUBECONFIG": str(tmp_path / "absent")}
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "rollout", "status", "m"), env=absent, stdout=PIPE, stderr=PIPE
    )
    _, err = await process.communicate()
    assert process.returncode == 69
    assert b"absent" in err
