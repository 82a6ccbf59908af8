from pathlib import Path

import pytest

from perigee_lab.errors import LabError
from perigee_lab.units.directives import (
    PathUnit,
    oneshot_unit,
    path_unit,
    service_unit,
    socket_unit,
)
from perigee_lab.units.files import Unit, enabled, load, parse

SHIPPED = Path(__file__).resolve().parents[4] / "manifests" / "k3s" / "standalone"
NAME = "perigee-standalone@default.m"


def test_a_unit_files_syntax() -> None:
    text = "# comment\n[Unit]\nA=1\nA=2\n; more\n[Service]\nB=x %i\nB=\nB=a=b \\\n  c\nC=\n"
    assert parse(text, "i") == {
        "Unit": {"A": ("1", "2")},
        "Service": {"B": ("a=b    c",), "C": ()},
    }


@pytest.mark.parametrize("text", ["A=1", "[Unit]\nnonsense", "[Unit]\nA=%H"])
def test_what_the_lab_cannot_read_is_refused(text: str) -> None:
    with pytest.raises(LabError):
        parse(text, "i")


def test_what_a_drop_in_of_an_instance_says_comes_last(tmp_path: Path) -> None:
    (tmp_path / "a@.service").write_text("[Service]\nMemoryMax=768M\nUser=%i\n")
    drop_in = tmp_path / "a@b.service.d"
    drop_in.mkdir()
    (drop_in / "memory.conf").write_text("[Service]\nMemoryMax=1G\n")
    assert load(tmp_path, "a@b.service").settings("Service") == {
        "MemoryMax": ("768M", "1G"),
        "User": ("b",),
    }
    assert load(tmp_path, "a@c.service").settings("Service")["MemoryMax"] == ("768M",)


def test_the_units_that_satellites_are_provisioned_with_are_understood() -> None:
    path = path_unit(load(SHIPPED, f"{NAME}.path"))
    assert path == PathUnit("/var/lib/perigee/standalone/current/root", f"{NAME}.service")
    service = service_unit(load(SHIPPED, path.unit))
    assert service.user == service.group == 65532
    assert service.no_new_privileges
    assert service.restarts
    assert service.restart_after_s == pytest.approx(0.2)
    assert service.memory_bytes == 768 << 20
    assert service.command[-1] == "default.m"
    assert service.root == "/run/perigee/roots/default.m"
    (root,) = service.after
    commands = oneshot_unit(load(SHIPPED, root))
    assert [command.may_fail for command in commands] == [True, False, False]
    assert commands[-1].argv == ("/bin/mount", "--bind", path.exists, service.root)
    first, second = (socket_unit(load(SHIPPED, name)) for name in service.sockets)
    assert (first.path, first.mode, first.name) == (
        "/run/perigee/models/default.m.sock",
        0o666,
        "serve",
    )
    assert (second.path, second.mode, second.name) == (
        "/run/perigee/servers/default.m.sock",
        0o600,
        "servers",
    )
    assert second.sequential
    assert not first.sequential
    assert second.user == second.group == 65532


@pytest.mark.parametrize(
    ("read", "section", "settings"),
    [
        (path_unit, "Path", {"PathExists": ("/x",), "Unit": ("a@b.service",), "New": ("1",)}),
        (socket_unit, "Socket", {"ListenStream": ("/x",), "Accept": ("yes",)}),
        (socket_unit, "Socket", {}),
        (service_unit, "Service", {"ExecStart": ("/x",), "ExecStartPre": ("/y",)}),
        (oneshot_unit, "Service", {"ExecStart": ("/x",), "Type": ("exec",)}),
        (service_unit, "Service", {"ExecStart": ("/x",), "MemoryMax": ("50%",)}),
    ],
)
def test_a_directive_that_the_lab_does_not_know_is_refused(
    read: object, section: str, settings: dict[str, tuple[str, ...]]
) -> None:
    assert callable(read)
    with pytest.raises(LabError):
        read(Unit("a@b.x", {section: settings}))


def test_what_is_enabled(tmp_path: Path) -> None:
    assert enabled(tmp_path) == []
    wants = tmp_path / "paths.target.wants"
    wants.mkdir()
    (wants / f"{NAME}.path").symlink_to("../perigee-standalone@.path")
    assert enabled(tmp_path) == [f"{NAME}.path"]


@pytest.mark.parametrize("name", ["plain.service", "perigee-none@x.path"])
def test_a_unit_that_is_not_there(name: str) -> None:
    with pytest.raises(LabError, match=name.split("@", maxsplit=1)[0]):
        load(SHIPPED, name)
