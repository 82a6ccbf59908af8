"""What is written badly is refused, for that reason alone and with the field's name.

The first line of each file says which field and a part of the message:
``# refused: FIELD: MESSAGE``.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))
NOT_CHECKED = "<nil>"
"""Field of the remark that further rules were not checked."""


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_refused(perigee: Any, file: Path) -> None:
    text = file.read_text()
    header = re.match(r"# refused: (\S+): (.+)\n", text)
    assert header, f"{file.name} does not say why it is refused"
    field, fragment = header.groups()

    answer = perigee.create(yaml.safe_load(text))

    assert answer.is_client_error, f"{answer.status_code} {answer.text}"
    status = answer.json()
    assert field in status["message"]
    assert fragment in status["message"]
    blamed = {
        cause["field"].removeprefix(".")
        for cause in status.get("details", {}).get("causes", ())
        if cause["field"] != NOT_CHECKED
    }
    assert all(name == field or name.startswith(f"{field}.") for name in blamed), blamed


@pytest.mark.parametrize("created", ["satellite-fixed", "satellite-full"], indirect=True)
@pytest.mark.parametrize("node_name", ["node-2.example", None])
def test_the_node_of_a_satellite_cannot_be_changed(
    perigee: Any, created: dict[str, Any], node_name: str | None
) -> None:
    answer = perigee.patch(created, {"spec": {"nodeName": node_name}})
    if node_name == created["spec"].get("nodeName"):
        assert answer.is_success, answer.text
    else:
        assert answer.is_client_error, answer.text
        assert "spec.nodeName" in answer.json()["message"]
        assert "nodeName cannot be changed" in answer.json()["message"]


@pytest.mark.parametrize("created", ["action-full"], indirect=True)
def test_an_action_cannot_be_changed(perigee: Any, created: dict[str, Any]) -> None:
    answer = perigee.patch(created, {"spec": {"by": "bob"}})
    assert answer.is_client_error, answer.text
    assert "an action cannot be changed: create another one" in answer.json()["message"]


@pytest.mark.parametrize("created", ["satellite-full"], indirect=True)
def test_everything_else_of_a_satellite_can_be_changed(
    perigee: Any, created: dict[str, Any]
) -> None:
    change = {"spec": {"orbit": {"fixed": {"latitude": -72.0}}, "maintenance": False}}
    answer = perigee.patch(created, change)
    assert answer.is_success, answer.text


@pytest.mark.parametrize("created", ["model-minimal"], indirect=True)
def test_a_model_does_not_change_between_replicas_and_every_satellite(
    perigee: Any, created: dict[str, Any]
) -> None:
    every = not created["spec"]["placement"].get("everySatellite", False)
    placement = {"everySatellite": every, "replicas": None if every else 1}
    answer = perigee.patch(created, {"spec": {"placement": placement}})
    assert answer.is_client_error, answer.text
    assert "everySatellite cannot be changed" in answer.json()["message"]
