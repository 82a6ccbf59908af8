"""The command as the chart runs it: under its own rights, killed at its writes, and leaving."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from perigee_api import names
from perigee_lab.builds import tool
from perigee_operator.domain.kinds import SATELLITE_NODE, Kind
from perigee_operator.storage.paths import collection_path
from played.access import Access
from played.cluster import make_namespace
from played.constellation import Constellation
from played.field import Field, eventually, operating
from played.operator_process import OperatorProcess, Setting
from played.resources import revision

Json = dict[str, Any]

CHECKOUT = Path(__file__).parents[3]
COMMAND = str(Path(sys.executable).with_name("perigee-operator"))
LIFE_S = 60
QUIET_S = 3
"""An operator that writes nothing for so long has nothing to write."""

RIGHTS = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
RBAC = "rbac.authorization.k8s.io"
KINDS = {
    "ServiceAccount": Kind("", "v1", "ServiceAccount", "serviceaccounts"),
    "ClusterRole": Kind(RBAC, "v1", "ClusterRole", "clusterroles", namespaced=False),
    "ClusterRoleBinding": Kind(
        RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False
    ),
    "Role": Kind(RBAC, "v1", "Role", "roles"),
    "RoleBinding": Kind(RBAC, "v1", "RoleBinding", "rolebindings"),
}


@pytest.fixture(scope="module")
def chart() -> list[Json]:
    """What the chart makes."""
    command = [str(tool("helm")), "template", "perigee", "charts/perigee"]
    command += [f"--namespace={names.SYSTEM_NAMESPACE}", "--kube-version=1.30.0"]
    printed = subprocess.run(  # noqa: S603 - our own helm
        command, cwd=CHECKOUT, check=True, capture_output=True, text=True
    )
    return [document for document in yaml.safe_load_all(printed.stdout) if document]


async def grant(access: Access, chart: list[Json]) -> str:
    """The operator's rights, by the chart; gives a token of its service account."""
    await make_namespace(access, names.SYSTEM_NAMESPACE)
    for document in chart:
        name = document["metadata"]["name"]
        if document["kind"] in RIGHTS and name == "perigee-operator":
            kind, namespace = KINDS[document["kind"]], document["metadata"].get("namespace")
            await access.call(
                "PATCH",
                f"{collection_path(kind, namespace)}/{name}",
                query={"force": "true"},
                body=document,
                content_type="application/apply-patch+yaml",
            )
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    accounts = collection_path(KINDS["ServiceAccount"], names.SYSTEM_NAMESPACE)
    answer = await access.call("POST", f"{accounts}/perigee-operator/token", body=request)
    return str(answer["status"]["token"])


def with_token(kubeconfig: Path, token: str, copy: Path) -> Path:
    """A kubeconfig of whom the token belongs to."""
    document = yaml.safe_load(kubeconfig.read_text())
    document["users"][0]["user"] = {"token": token}
    copy.write_text(yaml.safe_dump(document))
    return copy


async def test_rights_of_the_chart_suffice(
    sky: Constellation, setting: Setting, chart: list[Json], tmp_path: Path
) -> None:
    """Discovery, rollout, failover and return, and a deletion, by the real command."""
    field = Field(sky)
    token = await grant(sky.access, chart)
    own = replace(setting, kubeconfig=with_token(setting.kubeconfig, token, tmp_path / "own"))
    with setting.log.open("ab") as log:
        operator = await asyncio.create_subprocess_exec(
            COMMAND, "run", env=os.environ | own.environment(), stdout=log, stderr=log
        )
        try:
            for name in sky.satellites:
                await field.satellite_comes_to(name, "Pending")
                await field.change_satellite(
                    name, {"orbit": {"fixed": {"latitude": 1, "longitude": 2}}}
                )
            await field.add_model(rollout={"steps": [{"wave": {"count": 1}}, {"weight": 50}]})
            await field.model_comes_to(phase="Healthy")
            await field.ask_for("b")
            await field.model_comes_to(phase="Healthy", stable_revision=revision("b"))
            await field.until(lambda: len(field.serving(revision("b"))) == 2)
            lost = field.serving()[0]
            await field.change_satellite(lost, {"maintenance": True})
            await field.until(lambda: len(field.serving()) == 2 and lost not in field.serving())
            await field.change_satellite(lost, {"maintenance": False})
            await field.satellite_comes_to(lost, "InContact")
            await field.access.delete(SATELLITE_NODE, lost)

            async def labels() -> list[str]:
                found = (await field.node(lost))["metadata"]["labels"]
                return [label for label in found if names.GROUP in label]

            await eventually(labels, lambda found: found == [])
        finally:
            operator.terminate()
            status = await operator.wait()
    text = setting.log.read_text()
    assert status == 0, text
    assert "Forbidden" not in text


async def test_leaving_takes_all_marks_off(sky: Constellation, setting: Setting) -> None:
    field = Field(sky)
    async with operating(setting):
        await field.add_satellites()
        await field.add_model()
        await field.model_comes_to(phase="Healthy")
        await field.change_satellite(next(iter(sky.satellites)), {"maintenance": True})
        await field.satellite_comes_to(next(iter(sky.satellites)), "Maintenance")
    sky.serving.end("m")
    leaving = await asyncio.create_subprocess_exec(
        COMMAND, "leave", env=os.environ | setting.environment()
    )
    assert await leaving.wait() == 0
    for name in sky.satellites:
        node = await field.node(name)
        labels = [label for label in node["metadata"]["labels"] if names.GROUP in label]
        assert labels == [names.SATELLITE_LABEL]
        taints = {taint["key"] for taint in node["spec"]["taints"]}
        assert taints == {names.SATELLITE_TAINT}


# A life of the operator for each write.
@pytest.mark.timeout(1200)
async def test_command_killed_at_each_write_of_a_rollout(
    sky: Constellation, setting: Setting
) -> None:
    """One write a life: kopf and all, until there is nothing left to write."""
    field = Field(sky)
    async with operating(setting):
        await field.add_satellites()
        await field.add_model(rollout={"steps": [{"wave": {"count": 1}}, {"weight": 50}]})
        await field.model_comes_to(phase="Healthy")
        await field.until(lambda: len(field.serving()) == 2)
    await field.ask_for("b")
    lives = 0
    while True:
        fault = ("after:1", "before:2")[lives % 2]
        operator = OperatorProcess(replace(setting, fault=fault))
        try:
            if not await _dies(operator, field):
                break
            lives += 1
        finally:
            await operator.kill()
    assert lives > 15
    print(f"{lives} lives")  # noqa: T201 - figures


async def _dies(operator: OperatorProcess, field: Field) -> bool:
    """Whether an operator dies by its fault; not, if all is over and it has nothing to write."""
    died = asyncio.create_task(operator.ended())
    for _ in range(LIFE_S // QUIET_S):
        over = await _is_over(field)
        await asyncio.wait({died}, timeout=QUIET_S)
        if died.done():
            assert died.result() == -signal.SIGKILL
            return True
        if over:
            died.cancel()
            return False
    raise AssertionError(f"{await field.model_status()}; {field.told()}")


async def _is_over(field: Field) -> bool:
    status = await field.model_status()
    found = (status["phase"], status["stableRevision"], len(field.serving(revision("b"))))
    return found == ("Healthy", revision("b"), 2) and field.pods(revision("a")) == []
