"""The units and the script that satellites are provisioned with."""

import subprocess
from pathlib import Path

import pytest

from perigee_api import names
from perigee_edge.standalone.__main__ import ADDRESS, SERVERS
from perigee_edge.standalone.tree import NEEDED

STANDALONE = Path(__file__).parents[3] / "manifests/k3s/standalone"
UNITS = sorted(path.name for path in STANDALONE.glob("*@.*"))


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_no_fault_with_a_unit(unit: str, tmp_path: Path) -> None:
    for name in UNITS:
        text = (STANDALONE / name).read_text()
        # Its program is in a root that is not here.
        (tmp_path / name).write_text(text.replace("/opt/perigee/bin/python", "/bin/true"))
    instance = tmp_path / unit.replace("@", "@default.cloud-mask")
    verified = subprocess.run(  # noqa: S603 - of this checkout
        ["/usr/bin/systemd-analyze", "verify", "--man=no", str(instance)],
        capture_output=True,
        check=False,
        text=True,
        env={"SYSTEMD_LOG_LEVEL": "notice", "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    assert (verified.returncode, verified.stderr) == (0, "")


def test_units_and_programs_agree_on_names() -> None:
    address = (STANDALONE / "perigee-standalone@.socket").read_text()
    servers = (STANDALONE / "perigee-standalone-servers@.socket").read_text()
    service = (STANDALONE / "perigee-standalone@.service").read_text()
    assert f"ListenStream={names.ADDRESS_DIRECTORY}/%i.sock\n" in address
    assert f"FileDescriptorName={ADDRESS}\n" in address
    assert f"ListenSequentialPacket={names.HANDOVER_DIRECTORY}/%i.sock\n" in servers
    assert f"FileDescriptorName={SERVERS}\n" in servers
    for text in (f"User={names.AGENT_UID}\n", f"Group={names.AGENT_UID}\n"):
        assert text in service
    root = (STANDALONE / "perigee-standalone-root@.service").read_text()
    assert f"mount --bind {names.STANDALONE_DIRECTORY}/current/root /run/" in root


def test_what_is_bound_into_the_root_is_there_to_be_bound_over() -> None:
    """Otherwise systemd would make it, and the copy would not be what its digest says."""
    service = (STANDALONE / "perigee-standalone@.service").read_text()
    lines = [line for line in service.splitlines() if line.startswith("Bind")]
    bound = [path for line in lines for path in line.partition("=")[2].split()]
    assert len(bound) == 3
    parents = {str(parent) for path in NEEDED for parent in (Path(path), *Path(path).parents)}
    assert {path.strip("/") for path in bound} <= parents


def test_the_script_says_how_it_is_used() -> None:
    ended = subprocess.run(  # noqa: S603 - of this checkout
        [STANDALONE / "install"], capture_output=True, check=False, text=True
    )
    assert ended.returncode == 64
    assert ended.stderr == "usage: install NAMESPACE.MODEL[=MEMORY] ...\n"
