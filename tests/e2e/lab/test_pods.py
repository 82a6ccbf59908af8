"""What runs on satellites, over links that are really cut: pods, Services, crashes."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perigee_api import names
from perigee_lab import builds, cgroups, commands, pause, waiting
from perigee_lab.errors import LabError
from perigee_lab.lab import Lab
from perigee_lab.progress import Silent

IMAGE = "localhost/perigee-tests/beacon:1"
SERVICE_IP = "10.96.7.7"
LABELS = {"app": "beacon"}
LIST = ["ctr", "--namespace=k8s.io", "images", "list"]


@pytest.fixture(scope="session")
def beacon_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = Path(__file__).parent / "beacon"
    program = builds.Program(folder=str(source), package=".", program="beacon")
    archive = tmp_path_factory.mktemp("images") / "beacon.tar"
    content = (builds.built(program, Silent()) / "beacon").read_bytes()
    archive.write_bytes(pause.image(IMAGE, content))
    return archive


@pytest.fixture(scope="module")
def beacons(lab: Lab, beacon_archive: Path) -> Iterator[dict[str, str]]:
    """A beacon on every node, behind one Service: addresses of the pods by node."""
    lab.load(str(beacon_archive))
    pod = beacon_pod(tolerations=[{"operator": "Exists"}])
    apply(
        lab,
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "beacon"},
            "spec": {
                "selector": {"matchLabels": LABELS},
                "template": {"metadata": {"labels": LABELS}, "spec": pod},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "beacon"},
            "spec": {
                "clusterIP": SERVICE_IP,
                "selector": LABELS,
                "ports": [{"port": 80, "targetPort": 8080}],
            },
        },
    )
    lab.cluster.run("rollout", "status", "daemonset/beacon", "--timeout=400s")
    pods = get(lab, "pods", "--selector=app=beacon")["items"]
    yield {pod["spec"]["nodeName"]: pod["status"]["podIP"] for pod in pods}
    lab.cluster.run("delete", "daemonset/beacon", "service/beacon", "--cascade=foreground")


def beacon_pod(**more: Any) -> dict[str, Any]:
    node = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    container = {"name": "beacon", "image": IMAGE, "env": [node], "readinessProbe": probe}
    return {
        "dnsPolicy": "Default",
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        **more,
    }


def apply(lab: Lab, *objects: dict[str, Any]) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
    lab.cluster.run("apply", "--filename=-", stdin=json.dumps(items))


def get(lab: Lab, *what: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(lab.cluster.run("get", *what, "--output=json"))
    return answer


def fetch(lab: Lab, node: str, url: str, timeout_s: float = 3) -> str | None:
    """What a URL answers when it is asked from a node; None if nothing does in time."""
    program = (
        "import sys, urllib.request as r; o = r.build_opener(r.ProxyHandler({}));"
        " sys.stdout.buffer.write(o.open(sys.argv[1], timeout=float(sys.argv[2])).read())"
    )
    command = ["python3", "-c", program, url, str(timeout_s)]
    try:
        return commands.run(lab.in_network(node, command))
    except LabError:
        return None


def is_ready(lab: Lab, pod: str) -> bool:
    conditions = get(lab, "pod", pod)["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def test_nodes_join_as_what_they_are(lab: Lab) -> None:
    nodes = lab.cluster.nodes()
    assert set(nodes) == {"ground", "sat-1", "sat-2", "sat-3"}
    for name, node in nodes.items():
        is_satellite = name != "ground"
        taints = [taint["key"] for taint in node["spec"].get("taints", [])]
        assert (node["metadata"]["labels"].get(names.SATELLITE_LABEL) == "true") == is_satellite
        assert (names.SATELLITE_TAINT in taints) == is_satellite


def test_pods_reach_pods_and_services_from_everywhere(lab: Lab, beacons: dict[str, str]) -> None:
    assert set(beacons) == {"ground", "sat-1", "sat-2", "sat-3"}
    for name, address in beacons.items():
        for other, its_address in beacons.items():
            url = f"http://{address}:8080/ask?url=http://{its_address}:8080/"
            assert fetch(lab, "ground", url) == other, f"from a pod on {name}"
        for origin in beacons:
            assert fetch(lab, origin, f"http://{address}:8080/") == name, f"from {origin} itself"


@pytest.mark.parametrize("node", ["ground", "sat-1"])
def test_a_service_chooses_among_all_pods_the_asking_one_too(
    lab: Lab, beacons: dict[str, str], node: str
) -> None:
    url = f"http://{beacons[node]}:8080/ask?url=http://{SERVICE_IP}/"
    # Four pods, chosen at random: forty questions leave one out once in 25,000 times.
    assert {fetch(lab, "ground", url) for _ in range(40)} == set(beacons)
    assert fetch(lab, node, f"http://{SERVICE_IP}/") in beacons


def test_only_what_tolerates_the_taint_goes_up(lab: Lab, beacon_archive: Path) -> None:
    lab.load(str(beacon_archive))
    satellites = {names.SATELLITE_LABEL: "true"}
    tolerations = [{"key": names.SATELLITE_TAINT, "operator": "Exists"}]
    pods = {
        "stays": beacon_pod(),
        "waits": beacon_pod(nodeSelector=satellites),
        "goes-up": beacon_pod(nodeSelector=satellites, tolerations=tolerations),
    }
    kinds = {"apiVersion": "v1", "kind": "Pod"}
    apply(lab, *({**kinds, "metadata": {"name": name}, "spec": pods[name]} for name in pods))
    try:
        run = lab.cluster.run
        run("wait", "--for=condition=Ready", "pod/stays", "pod/goes-up", "--timeout=400s")
        run("wait", "--for=condition=PodScheduled=False", "pod/waits", "--timeout=400s")
        assert get(lab, "pod", "stays")["spec"]["nodeName"] == "ground"
        assert get(lab, "pod", "goes-up")["spec"]["nodeName"].startswith("sat-")
    finally:
        lab.cluster.run("delete", "pod", *pods)


@pytest.mark.skipif(shutil.which("buildah") is None, reason="no buildah here")
def test_an_image_is_loaded_by_its_name_and_once(lab: Lab) -> None:
    name = f"localhost/perigee-tests/named-{os.getpid()}:1"
    container = commands.run(["buildah", "from", "scratch"]).strip()
    try:
        commands.run(["buildah", "config", "--entrypoint", '["/none"]', container])
        commands.run(["buildah", "commit", "--quiet", container, name])
        lab.load(name, nodes=["sat-1"])
        before = commands.run(lab.inside("sat-1", LIST))
        lab.load(name, nodes=["sat-1"])
        assert commands.run(lab.inside("sat-1", LIST)) == before
        assert name in before
        assert name not in commands.run(lab.inside("sat-2", LIST))
        commands.run(["buildah", "config", "--entrypoint", '["/other"]', container])
        commands.run(["buildah", "commit", "--quiet", container, name])
        lab.load(name, nodes=["sat-1"])
        assert commands.run(lab.inside("sat-1", LIST)) != before, "a new image of the same name"
    finally:
        commands.run(["buildah", "rm", container])
        commands.run(["buildah", "rmi", "--force", name])


def test_logs_and_exec_reach_a_pod(lab: Lab, beacons: dict[str, str]) -> None:
    pods = get(lab, "pods", "--selector=app=beacon")["items"]
    pod = next(pod for pod in pods if pod["spec"]["nodeName"] == "sat-2")["metadata"]["name"]
    assert beacons["sat-2"]
    assert lab.cluster.run("logs", pod) == ""
    with pytest.raises(LabError, match="no such file or directory"):
        lab.cluster.run("exec", pod, "--", "/absent")


def test_a_cut_satellite_is_alone_and_goes_on_until_its_link_is_restored(
    lab: Lab, beacons: dict[str, str]
) -> None:
    url = f"http://{beacons['sat-2']}:8080/"
    lab.cut("sat-2")
    try:
        assert fetch(lab, "ground", url) is None
        assert fetch(lab, "sat-1", url) is None
        assert fetch(lab, "sat-2", url) == "sat-2"
        lab.up()
        assert fetch(lab, "ground", url) is None, "repairing a lab restores no link"
        assert [node.name for node in lab.status().nodes if node.link_up is False] == ["sat-2"]
    finally:
        lab.restore("sat-2")
    waiting.until(
        lambda: fetch(lab, "ground", url) == "sat-2", within_s=30, what="sat-2 to answer again"
    )


def test_a_shaped_link_carries_what_it_is_told_to(lab: Lab, beacons: dict[str, str]) -> None:
    kbit_s, count = 512, 128 * 1024
    url = f"http://{beacons['sat-3']}:8080/send?count={count}"
    lab.shape("sat-3", kbit_s)
    try:
        started = time.monotonic()
        answer = fetch(lab, "ground", url, timeout_s=30)
        took_s = time.monotonic() - started
    finally:
        lab.shape("sat-3", None)
    assert answer is not None
    assert len(answer) == count
    # The bucket's first fill passes at once; headers and the kubelet's own traffic take a share.
    ideal_s = count * 8 / 1000 / kbit_s
    assert took_s > 0.9 * ideal_s
    started = time.monotonic()
    assert fetch(lab, "ground", url, timeout_s=30) is not None
    assert time.monotonic() - started < took_s / 2, "shaped no more"


def test_a_satellite_that_crashed_is_gone_at_once_and_comes_back_with_its_pods(
    lab: Lab, beacons: dict[str, str]
) -> None:
    pods = get(lab, "pods", "--selector=app=beacon")["items"]
    before = next(pod for pod in pods if pod["spec"]["nodeName"] == "sat-1")
    name = before["metadata"]["name"]
    restarts = before["status"]["containerStatuses"][0]["restartCount"]
    group = cgroups.of_node(lab.name, "sat-1")
    lab.crash("sat-1")
    try:
        assert cgroups.here().processes(group) == set()
        assert fetch(lab, "ground", f"http://{beacons['sat-1']}:8080/") is None
        dead = next(node for node in lab.status().nodes if node.name == "sat-1")
        assert not dead.on
        assert not any(dead.components.values())
    finally:
        lab.boot("sat-1")

    def is_back() -> bool:
        status = get(lab, "pod", name)["status"]
        return is_ready(lab, name) and status["containerStatuses"][0]["restartCount"] > restarts

    waiting.until(is_back, within_s=400, what="the pod to run again")
    after = get(lab, "pod", name)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert fetch(lab, "ground", f"http://{after['status']['podIP']}:8080/") == "sat-1"


def test_each_node_has_artifacts_of_its_own(lab: Lab) -> None:
    marks = {}
    for node in ("sat-1", "sat-2"):
        artifacts = lab.perigee_directory(node) / "artifacts"
        assert artifacts.stat().st_uid == names.AGENT_UID
        mark = artifacts / "mark"
        mark.write_text(node)
        marks[node] = mark
    try:
        for node in marks:
            path = f"{names.ARTIFACT_DIRECTORY}/mark"
            assert commands.run(lab.inside(node, ["cat", path])) == node
    finally:
        for mark in marks.values():
            mark.unlink()


def test_the_ground_sees_the_depot(lab: Lab) -> None:
    lab.depot_directory.mkdir(exist_ok=True)
    mark = lab.depot_directory / "mark"
    mark.write_text("here")
    try:
        path = f"{names.STATE_DIRECTORY}/depot/mark"
        assert commands.run(lab.inside("ground", ["cat", path])) == "here"
    finally:
        mark.unlink()
