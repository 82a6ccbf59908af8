"""How the chart's pods run, and where."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from perigee_api import names
from perigee_operator.config import Config

Render = Callable[[Mapping[str, Any]], dict[str, Any]]

WORKLOADS = ["Deployment/perigee-operator", "DaemonSet/perigee-agent", "Job/perigee-leave"]


def pod(objects: dict[str, Any], key: str) -> dict[str, Any]:
    spec: dict[str, Any] = objects[key]["spec"]["template"]["spec"]
    return spec


def containers(objects: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in WORKLOADS:
        yield from pod(objects, key)["containers"]
        yield from pod(objects, key).get("initContainers", [])


def test_all_workloads_are_known_to_these_tests(defaults: dict[str, Any]) -> None:
    with_pods = [key for key, item in defaults.items() if "template" in item.get("spec", {})]
    assert sorted(with_pods) == sorted(WORKLOADS)


@pytest.mark.parametrize("key", WORKLOADS)
def test_nobody_runs_as_root_or_may_become_it(defaults: dict[str, Any], key: str) -> None:
    spec = pod(defaults, key)
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": names.AGENT_UID,
        "runAsGroup": names.AGENT_UID,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    for shared in ("hostNetwork", "hostPID", "hostIPC"):
        assert shared not in spec


def test_every_container_asks_for_resources_and_has_a_memory_limit(
    render: Render,
) -> None:
    for container in containers(render({"agent": {"prepareState": True}})):
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


def test_the_operator_is_one_and_on_the_ground(defaults: dict[str, Any]) -> None:
    deployment = defaults["Deployment/perigee-operator"]["spec"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}
    affinity = deployment["template"]["spec"]["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert {"key": names.SATELLITE_LABEL, "operator": "DoesNotExist"} in term["matchExpressions"]


def test_the_operator_understands_all_that_it_is_told(
    defaults: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (container,) = pod(defaults, "Deployment/perigee-operator")["containers"]
    told = {entry["name"]: entry.get("value", "perigee") for entry in container["env"]}
    fields = {f"PERIGEE_{field.upper()}" for field in Config.model_fields}
    assert told.keys() <= fields
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    config = Config()
    assert config.http_port == container["ports"][0]["containerPort"]
    assert config.serve_image == "localhost/perigee/edge:0.1.0"


def test_the_liveness_probe_asks_where_the_operator_answers(defaults: dict[str, Any]) -> None:
    (container,) = pod(defaults, "Deployment/perigee-operator")["containers"]
    for probe in ("livenessProbe", "startupProbe"):
        assert container[probe]["httpGet"] == {"path": "/livez", "port": "http"}


def test_the_agent_is_on_every_satellite_whatever_its_taints(defaults: dict[str, Any]) -> None:
    spec = pod(defaults, "DaemonSet/perigee-agent")
    assert spec["nodeSelector"] == {names.SATELLITE_LABEL: "true"}
    assert spec["tolerations"] == [{"operator": "Exists"}]


def test_the_operator_finds_the_agents(defaults: dict[str, Any]) -> None:
    """By name and labels: the ControllerRevisions bear those of the Pods."""
    daemon_set = defaults[f"DaemonSet/{names.AGENT_DAEMON_SET}"]
    for metadata in (daemon_set["metadata"], daemon_set["spec"]["template"]["metadata"]):
        assert names.AGENT_LABELS.items() <= metadata["labels"].items()
    assert defaults["Deployment/perigee-operator"]["metadata"]["namespace"] == "perigee"
    assert daemon_set["metadata"]["namespace"] == "perigee"


def test_no_rolling_update_marks_the_pods_of_dark_satellites(defaults: dict[str, Any]) -> None:
    assert defaults["DaemonSet/perigee-agent"]["spec"]["updateStrategy"] == {"type": "OnDelete"}


def test_the_state_directory_must_be_there(defaults: dict[str, Any]) -> None:
    spec = pod(defaults, "DaemonSet/perigee-agent")
    (volume,) = spec["volumes"]
    assert volume["hostPath"] == {"path": names.STATE_DIRECTORY, "type": "Directory"}
    (mount,) = spec["containers"][0]["volumeMounts"]
    assert mount == {"name": volume["name"], "mountPath": names.STATE_DIRECTORY}
    assert "initContainers" not in spec


def test_the_state_directory_is_made_where_that_is_wanted(render: Render) -> None:
    spec = pod(render({"agent": {"prepareState": True}}), "DaemonSet/perigee-agent")
    assert spec["volumes"][0]["hostPath"]["type"] == "DirectoryOrCreate"
    (prepare,) = spec["initContainers"]
    owner = f"{names.AGENT_UID}:{names.AGENT_UID}"
    assert prepare["command"] == ["chown", owner, names.STATE_DIRECTORY]
    assert prepare["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN"]}
    assert prepare["securityContext"]["readOnlyRootFilesystem"]


def test_the_metrics_service_selects_the_operator_alone(defaults: dict[str, Any]) -> None:
    selector = defaults["Service/perigee-operator"]["spec"]["selector"]
    chosen = [
        key
        for key in WORKLOADS
        if selector.items() <= defaults[key]["spec"]["template"]["metadata"]["labels"].items()
    ]
    assert chosen == ["Deployment/perigee-operator"]


def test_leaving_comes_after_the_operator_and_blocks_nothing_for_good(
    defaults: dict[str, Any],
) -> None:
    leaving = [item for key, item in defaults.items() if key.endswith("/perigee-leave")]
    assert {item["kind"] for item in leaving} == {
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "Job",
    }
    for item in leaving:
        assert item["metadata"]["annotations"]["helm.sh/hook"] == "post-delete"
    job = defaults["Job/perigee-leave"]["spec"]
    assert job["activeDeadlineSeconds"] == 120
    assert job["backoffLimit"] == 3
