"""pip's settings on their way into a build."""

import configparser
from pathlib import Path

import pytest

from perigee_images.pip_settings import CA_INSIDE, host_ca, parse, pip_conf


def test_environment_overrules_files() -> None:
    listed = ":env:.index-url='https://b.example/simple'\nglobal.index-url='https://a.example'\n"
    assert parse(listed) == {"index-url": "https://b.example/simple"}


def test_paths_of_this_machine_and_other_commands_settings_stay_here() -> None:
    listed = (
        ":env:.find-links='/opt/wheels'\n"
        "global.cert='/etc/ssl/ca.pem'\n"
        "global.target='/somewhere'\n"
        "freeze.timeout='10'\n"
        "global.trusted-host='a.example'\n"
    )
    assert parse(listed) == {"trusted-host": "a.example"}


def test_the_environments_other_name_for_the_timeout_is_known() -> None:
    assert parse(":env:.default-timeout='180'") == {"timeout": "180"}


def test_values_of_several_lines_and_with_equal_signs_survive() -> None:
    listed = r"global.extra-index-url='\nhttps://a.example/?x=1\nhttps://b.example'"
    written = pip_conf(parse(listed), with_ca=False)
    config = configparser.RawConfigParser()
    config.read_string(written)
    value = config["global"]["extra-index-url"]
    assert value.split() == ["https://a.example/?x=1", "https://b.example"]


def test_a_percent_sign_in_a_password_is_taken_as_it_is() -> None:
    written = pip_conf({"index-url": "https://u:p%40@a.example"}, with_ca=True)
    assert "https://u:p%40@a.example" in written
    assert f"cert = {CA_INSIDE}" in written


def test_the_certificates_that_pip_is_told_of_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    assert host_ca() == bundle
