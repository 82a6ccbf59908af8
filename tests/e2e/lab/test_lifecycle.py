"""A lab from its start to its end: repaired, beside another one, and gone without a trace."""

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from perigee_lab import addresses, mounts, network, processes
from perigee_lab.commands import run
from perigee_lab.errors import LabError
from perigee_lab.lab import Lab
from perigee_lab.wanted import Request

NAME = f"lifecycle-{os.getpid()}"
KERNEL = ("net/ipv4/ip_forward", "kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory")


@pytest.fixture(scope="module")
def small() -> Iterator[Lab]:
    """A ground and one satellite, which pretends to be more than it is."""
    lab = Lab(NAME)
    request = Request(
        satellites=1,
        architectures=["arm64"],
        labels={"sat-1": {"example.com/color": "red"}},
        resources={"sat-1": {"nvidia.com/gpu": "2"}},
    )
    try:
        lab.up(request)
        yield lab
    finally:
        lab.down()


def test_a_satellite_pretends_also_after_a_crash(small: Lab) -> None:
    for _ in range(2):
        node = small.cluster.nodes()["sat-1"]
        assert node["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"
        assert node["metadata"]["labels"]["example.com/color"] == "red"
        assert node["status"]["allocatable"]["nvidia.com/gpu"] == "2"
        small.crash("sat-1")
        small.boot("sat-1")


def test_the_ground_is_where_it_was_when_a_satellite_crashes_and_boots(small: Lab) -> None:
    small.crash("sat-1")
    assert ground_hardware() == addresses.GROUND_HARDWARE
    small.boot("sat-1")
    assert ground_hardware() == addresses.GROUND_HARDWARE


def test_up_again_changes_nothing(small: Lab) -> None:
    before = {path: path.read_text() for path in records(small)}
    small.up()
    assert {path: path.read_text() for path in records(small)} == before


@pytest.mark.parametrize(
    ("node", "component"),
    [
        ("sat-1", "kubelet"),
        ("sat-1", "containerd"),
        ("sat-1", "proxy"),
        ("sat-1", "init"),
        ("ground", "apiserver"),
        ("ground", "kine"),
        ("ground", "controller-manager"),
        ("ground", "init"),
    ],
)
def test_up_repairs_what_was_killed(small: Lab, node: str, component: str) -> None:
    small.cluster.run("create", "configmap", f"{node}-{component}")
    record = small.layout.processes(node) / f"{component}.json"
    killed = processes.recall(record)
    assert killed is not None
    killed.kill()
    assert not small.status().healthy
    small.up()
    assert small.status().healthy
    assert processes.recall(record) not in {None, killed}
    # What was written before is still there.
    small.cluster.run("get", "configmap", f"{node}-{component}")


def test_up_repairs_the_way_in_from_the_host(small: Lab) -> None:
    forwarder = processes.recall(small.layout.forwarder)
    assert forwarder is not None
    forwarder.kill()
    assert not small.cluster.is_ready()
    small.up()
    assert small.cluster.is_ready()


def test_two_labs_know_nothing_of_each_other(small: Lab, control_plane: Lab) -> None:
    assert small.state.api_port != control_plane.state.api_port
    small.cluster.run("create", "namespace", "only-here")
    assert "only-here" not in control_plane.cluster.run("get", "namespaces", "--output=name")


def test_two_commands_at_once_take_turns(small: Lab) -> None:
    commands = [("cut", "sat-1"), ("up",), ("restore", "sat-1"), ("up",)]
    with ThreadPoolExecutor() as pool:
        assert len(list(pool.map(lambda command: perigee_lab(*command), commands))) == 4
    small.restore("sat-1")
    assert small.status().healthy


def test_the_command_line_tells_and_passes_on(small: Lab) -> None:
    assert perigee_lab("env") == f"export KUBECONFIG={small.kubeconfig}\n"
    assert perigee_lab("kubectl", "get", "nodes", "--output=name").split() == [
        "node/ground",
        "node/sat-1",
    ]
    assert json.loads(perigee_lab("status", "--output", "json"))["healthy"] is True
    assert "10.77.0.11/24" in perigee_lab("exec", "sat-1", "--", "ip", "-4", "address")
    assert perigee_lab("exec", "--inside", "sat-1", "--", "hostname") == "sat-1\n"
    assert "kubelet" in perigee_lab("logs", "sat-1", "kubelet")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cut", "ground"], "no link of its own"),
        (["cut", "sat-7"], "no node sat-7; it has ground, sat-1"),
        (["up", "--satellites", "0"], "does not shrink"),
        (["load", "no-such-image"], "neither the file of an archive nor an image"),
        (["up", "--label", "sat-1"], "NODE=KEY=VALUE"),
        (["logs", "sat-1", "kublet"], "it has containerd, init, kubelet, proxy"),
    ],
)
def test_what_cannot_be_done_is_said(small: Lab, arguments: list[str], message: str) -> None:
    assert small.name == NAME
    with pytest.raises(LabError) as failed:
        perigee_lab(*arguments)
    assert "failed (1): " in str(failed.value)
    assert message in str(failed.value)
    assert "Traceback" not in str(failed.value)


def test_what_is_kept_is_found_again(small: Lab) -> None:
    small.cluster.run("create", "configmap", "kept")
    small.down(keep_state=True)
    assert not small.status().nodes[0].on
    small.up()
    assert small.status().healthy
    small.cluster.run("get", "configmap", "kept")


def test_three_satellites_start_within_a_minute_and_down_leaves_nothing() -> None:
    name = f"gone-{os.getpid()}"
    lab = Lab(name)
    before = traces(name)
    try:
        started = time.monotonic()
        lab.up(Request(satellites=3))
        assert time.monotonic() - started < 60, "with everything built, that is the promise"
        manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "waits"},
            "spec": {
                "dnsPolicy": "Default",
                "nodeName": "sat-1",
                "containers": [{"name": "waits", "image": "localhost/perigee/pause:1"}],
            },
        }
        lab.cluster.run("apply", "--filename=-", stdin=json.dumps(manifest))
        lab.cluster.run("wait", "--for=condition=Ready", "pod/waits", "--timeout=400s")
        lab.shape("sat-1", 512)
        lab.cut("sat-2")
        assert traces(name) != before
        # Even if what the lab knew of itself is lost.
        lab.layout.state.write_text("{")
    finally:
        lab.down()
    assert traces(name) == before
    lab.down()


def ground_hardware() -> str:
    shown = run(["ip", "-n", f"{NAME}-ground", "-j", "link", "show", network.BRIDGE])
    (bridge,) = json.loads(shown)
    return str(bridge["address"])


def records(lab: Lab) -> list[Path]:
    return sorted([*lab.layout.directory.glob("nodes/*/processes/*.json"), lab.layout.forwarder])


def perigee_lab(*arguments: str) -> str:
    return run([sys.executable, "-m", "perigee_lab", "--name", NAME, *arguments])


def traces(name: str) -> dict[str, object]:
    """What a lab of that name could leave on the host, and what it could change there."""
    return {
        "processes": [
            process.name
            for process in Path("/proc").iterdir()
            if process.name.isdigit() and belongs(process, name)
        ],
        "mounts": [mount for mount in mounts.here() if name in str(mount.point)],
        "namespaces": list(Path("/run/netns").glob(f"{name}*")),
        "groups": list(Path("/sys/fs/cgroup").rglob(name)),
        "directory": Lab(name).layout.directory.exists(),
        "interfaces": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        "rules": [line for line in run(["iptables-save"]).splitlines() if not line.startswith("#")],
        "kernel": {name: Path("/proc/sys", name).read_text() for name in KERNEL},
    }


def belongs(process: Path, name: str) -> bool:
    try:
        told = (process / "cgroup").read_text() + (process / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # What has ended and waits for its parent to notice is no process any more.
    return f"/{name}" in told and processes.identify(int(process.name)) is not None
