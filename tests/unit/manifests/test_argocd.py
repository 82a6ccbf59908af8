"""Argo CD's health checks, in a Lua like its own: 5.1, without what reaches out."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lupa import lua51

from paper_fleet.intents import model_spec
from paper_fleet.views import IMAGE, at, satellite
from perigee_api.base import Schema
from perigee_api.inference_model import InferenceModelStatus, ModelPhase, Pause, RolloutStatus
from perigee_api.names import GROUP
from perigee_api.rollout_action import ActionState, RolloutActionStatus
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.rollout.pause import pause_verdict
from perigee_operator.domain.rollout.progress import WaveProgress
from perigee_operator.domain.rollout.revision import new_revision

FOLDER = Path(__file__).parents[3] / "manifests/argocd"
TABLE: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "argocd_health.yaml").read_text()
)
STATUSES: dict[str, type[Schema]] = {
    "InferenceModel": InferenceModelStatus,
    "SatelliteNode": SatelliteNodeStatus,
    "RolloutAction": RolloutActionStatus,
}
HEALTHS = {"Healthy", "Progressing", "Suspended", "Degraded"}
REACHING_OUT = ("io", "os", "debug", "require", "package", "dofile", "loadfile", "python")


def script(kind: str) -> str:
    data = yaml.safe_load((FOLDER / "argocd-cm.yaml").read_text())["data"]
    return str(data[f"resource.customizations.health.{GROUP}_{kind}"])


def assess(thing: dict[str, Any]) -> tuple[str, str]:
    """Status and message, as the check for its kind gives them."""
    lua = lua51.LuaRuntime(unpack_returned_tuples=True)
    for name in REACHING_OUT:
        lua.globals()[name] = None
    lua.globals()["obj"] = lua.table_from(thing, recursive=True)
    found = lua.execute(script(thing["kind"]))
    return found["status"], found["message"] or ""


def test_each_kind_that_has_a_status_has_a_check() -> None:
    config = yaml.safe_load((FOLDER / "argocd-cm.yaml").read_text())
    assert config["metadata"]["name"] == "argocd-cm"
    prefix = f"resource.customizations.health.{GROUP}_"
    assert sorted(config["data"]) == sorted(prefix + kind for kind in STATUSES)


@pytest.mark.parametrize("case", TABLE, ids=[case["name"] for case in TABLE])
def test_health(case: dict[str, Any]) -> None:
    assert assess(case["object"]) == (case["health"], case["message"])


@pytest.mark.parametrize("case", TABLE, ids=[case["name"] for case in TABLE])
def test_the_table_holds_what_the_operator_writes(case: dict[str, Any]) -> None:
    status = case["object"].get("status", {})
    read = STATUSES[case["object"]["kind"]].model_validate(status)
    written = json.loads(read.model_dump_json(by_alias=True, exclude_unset=True))
    assert written == status


def test_the_table_has_each_phase() -> None:
    for kind, wanted in (
        ("InferenceModel", set(ModelPhase)),
        ("SatelliteNode", set(SatellitePhase)),
    ):
        objects = [case["object"] for case in TABLE if case["object"]["kind"] == kind]
        assert {o["status"]["phase"] for o in objects if "status" in o} == wanted
    assert {o["object"].get("status", {}).get("state") for o in TABLE} == {None, *ActionState}


@pytest.mark.parametrize(
    ("pause", "health"),
    [
        (Pause(), "Suspended"),
        (Pause(duration=60), "Progressing"),
        (Pause(serving=60), "Progressing"),
    ],
)
def test_a_pause_is_suspended_where_it_waits_for_a_person(pause: Pause, health: str) -> None:
    """By the operator's own words."""
    revision = new_revision(model_spec(), IMAGE)
    wave = (satellite("sat-1"),)
    progress = WaveProgress(revision, wave, frozenset(), 0, 0, 0)
    status = RolloutStatus(candidate=revision.name, started=at(0), step_started=at(0))
    verdict = pause_verdict(pause, progress, status, at(1))
    phase = ModelPhase.WAITING if verdict.stands_still else ModelPhase.PROGRESSING
    message = f"Revision 77aa01b2, step 2 of 3 (pause): {verdict.message}."
    written = InferenceModelStatus(phase=phase, message=message, observed_generation=1)
    found = written.model_dump(mode="json", by_alias=True, exclude_none=True)
    thing = {"kind": "InferenceModel", "metadata": {"generation": 1}, "status": found}
    assert assess(thing) == (health, message)


@given(
    st.sampled_from(["InferenceModel", "SatelliteNode"]),
    st.sampled_from([*ModelPhase, *SatellitePhase, "", "Unheard"]),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_only_a_status_of_this_generation_counts(
    kind: str, phase: str, generation: int, observed: int
) -> None:
    thing = {
        "kind": kind,
        "metadata": {"generation": generation},
        "status": {"phase": str(phase), "observedGeneration": observed},
    }
    health, _ = assess(thing)
    assert health in HEALTHS
    if observed != generation:
        assert health == "Progressing"
