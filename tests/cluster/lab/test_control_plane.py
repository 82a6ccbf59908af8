"""The control plane without nodes, which other tests of this layer build on."""

import json

from perigee_lab.lab import Lab


def test_the_api_server_answers_from_the_host(control_plane: Lab) -> None:
    version = json.loads(control_plane.cluster.run("version", "--output=json"))
    assert version["serverVersion"]["gitVersion"] == "v1.34.4"


def test_everything_of_it_is_alive(control_plane: Lab) -> None:
    status = control_plane.status()
    assert status.healthy
    assert [node.name for node in status.nodes] == ["ground"]


def test_controllers_act(control_plane: Lab) -> None:
    control_plane.cluster.run("create", "namespace", "controllers-act")
    control_plane.cluster.run(
        "wait", "--for=create", "serviceaccount/default", "--namespace=controllers-act"
    )
    control_plane.cluster.run("delete", "namespace", "controllers-act")
