import datetime as dt
from pathlib import Path

import pytest
import yaml

from perigee_lab.certificates import Authority
from perigee_lab.distribution import control_plane, worker
from perigee_lab.distribution.component import ETC, Component
from perigee_lab.distribution.upstream import Upstream
from perigee_lab.state import Layout, Node, State

SATELLITE = Node("sat-1", 1, labels={"color": "red", "kubernetes.io/arch": "arm64"})


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))


def test_satellites_register_with_label_and_taint_and_the_ground_with_neither() -> None:
    assert worker.registration(SATELLITE) == [
        "--register-with-taints=perigee.space/satellite=true:NoSchedule",
        "--node-labels=perigee.space/satellite=true,color=red",
    ]
    assert worker.registration(Node("ground", 0)) == []


def test_every_file_that_a_command_names_is_there(authority: Authority) -> None:
    components = [
        control_plane.kine(),
        control_plane.api_server(authority, mutating_policies=False),
        control_plane.controller_manager(authority, node_grace_s=None),
        control_plane.scheduler(authority),
        worker.containerd(SATELLITE, "overlayfs"),
        worker.kubelet(SATELLITE, authority, "perigee-lab/lab/sat-1"),
        worker.proxy(SATELLITE, authority),
    ]
    files = {f"{ETC}/{name}" for component in components for name in component.files}
    values = [flag.partition("=")[2] for component in components for flag in component.argv]
    named = {value for value in values if value.startswith(f"{ETC}/")}
    assert named
    assert named <= files


def test_a_kubelet_keeps_to_its_own_control_group(authority: Authority) -> None:
    kubelet = worker.kubelet(SATELLITE, authority, "perigee-lab/lab/sat-1")
    configuration = yaml.safe_load(kubelet.files["kubelet.yaml"])
    assert configuration["cgroupRoot"] == "/perigee-lab/lab/sat-1"
    assert configuration["failSwapOn"] is False


def test_the_api_server_checks_every_request(authority: Authority) -> None:
    argv = control_plane.api_server(authority, mutating_policies=False).argv
    assert "--authorization-mode=Node,RBAC" in argv
    assert "--enable-admission-plugins=NodeRestriction" in argv
    assert "--anonymous-auth=false" in argv


def test_policies_that_bend_nodes_are_off_unless_a_node_pretends(tmp_path: Path) -> None:
    layout = Layout(tmp_path)

    def feature_gates(*nodes: Node) -> bool:
        state = State("lab", 0, ground_runs_pods=True, nodes=nodes)
        server = Upstream().api(state, layout)[-1]
        return any(flag.startswith("--feature-gates") for flag in server.argv)

    assert feature_gates(SATELLITE)
    assert not feature_gates(Node("sat-1", 1, labels={"color": "red"}))


@pytest.mark.parametrize(("grace_s", "flags"), [(None, []), (90, ["90s"])])
def test_how_long_a_kubelet_may_be_silent_is_a_matter_of_the_lab(
    grace_s: int | None, flags: list[str], tmp_path: Path
) -> None:
    state = State("lab", 0, ground_runs_pods=True, nodes=(), node_grace_s=grace_s)
    argv = Upstream().controllers(state, Layout(tmp_path))[0].argv
    option = "--node-monitor-grace-period="
    assert [flag.removeprefix(option) for flag in argv if flag.startswith(option)] == flags


def test_pods_get_addresses_of_their_nodes_network() -> None:
    ptp = worker.pod_network(Node("sat-7", 7))["plugins"][0]
    assert ptp["ipam"]["ranges"] == [[{"subnet": "10.88.7.0/24"}]]


def test_another_command_or_file_is_another_component() -> None:
    one = Component("x", ("a",), {"f": "1"})
    assert one.fingerprint == Component("x", ("a",), {"f": "1"}).fingerprint
    others = [Component("x", ("b",), {"f": "1"}), Component("x", ("a",), {"f": "2"})]
    assert one.fingerprint not in {other.fingerprint for other in others}
