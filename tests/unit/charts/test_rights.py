"""What the chart's service accounts may do: a table, so that a new right is a deliberate one."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from perigee_api import names

Render = Callable[[Mapping[str, Any]], dict[str, Any]]

READ = ("get", "list", "watch")

RIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    "ClusterRole/perigee-operator": {
        "perigee.space/satellitenodes": (*READ, "create", "patch"),
        "perigee.space/inferencemodels": READ,
        "perigee.space/rolloutpolicies": READ,
        "perigee.space/groundstations": READ,
        "perigee.space/rolloutactions": (*READ, "delete"),
        "perigee.space/rolloutactions/status": ("patch",),
        "perigee.space/satellitenodes/status": ("patch",),
        "perigee.space/inferencemodels/status": ("patch",),
        "perigee.space/inferencemodels/finalizers": ("update",),
        "/nodes": (*READ, "patch"),
        "/nodes/status": ("patch",),
        "/pods": (*READ, "patch", "delete"),
        "/services": (*READ, "create", "patch"),
        "apps/replicasets": (*READ, "create", "patch", "delete"),
        "apps/daemonsets": (*READ, "create", "patch", "delete"),
        "apps/controllerrevisions": (*READ, "create", "patch", "delete"),
        "batch/cronjobs": ("get",),
        "batch/jobs": ("get", "list", "create", "delete"),
        "events.k8s.io/events": ("create",),
    },
    "Role/perigee-heartbeats/perigee-operator": {
        "coordination.k8s.io/leases": (*READ, "create", "patch"),
    },
    "Role/kube-node-lease/perigee-operator": {"coordination.k8s.io/leases": READ},
    "Role/perigee-heartbeats/perigee-edge": {"coordination.k8s.io/leases": ("create", "patch")},
    "ClusterRole/perigee-leave": {"/nodes": ("get", "list", "patch")},
    "ClusterRole/perigee-view": {
        "perigee.space/inferencemodels": READ,
        "perigee.space/rolloutactions": READ,
        "perigee.space/rolloutpolicies": READ,
        "perigee.space/satellitenodes": READ,
        "perigee.space/groundstations": READ,
    },
    "ClusterRole/perigee-edit": {
        "perigee.space/inferencemodels": (
            "create",
            "update",
            "patch",
            "delete",
            "deletecollection",
        )
    },
    "ClusterRole/perigee-rollouts": {"perigee.space/rolloutactions": ("create",)},
}


def granted(role: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        f"{group}/{resource}": tuple(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_there_are_no_other_roles(defaults: dict[str, Any]) -> None:
    roles = [key for key in defaults if key.partition("/")[0] in {"Role", "ClusterRole"}]
    assert sorted(roles) == sorted(RIGHTS)


@pytest.mark.parametrize("role", RIGHTS)
def test_a_role_grants_this_and_nothing_more(defaults: dict[str, Any], role: str) -> None:
    assert granted(defaults[role]) == RIGHTS[role]


def test_every_service_account_is_bound_to_its_own_role(defaults: dict[str, Any]) -> None:
    bindings = {
        key: (item["roleRef"]["name"], [subject["name"] for subject in item["subjects"]])
        for key, item in defaults.items()
        if key.partition("/")[0] in {"RoleBinding", "ClusterRoleBinding"}
    }
    assert bindings == {
        "ClusterRoleBinding/perigee-operator": ("perigee-operator", ["perigee-operator"]),
        "ClusterRoleBinding/perigee-leave": ("perigee-leave", ["perigee-leave"]),
        "RoleBinding/perigee-heartbeats/perigee-operator": (
            "perigee-operator",
            ["perigee-operator"],
        ),
        "RoleBinding/kube-node-lease/perigee-operator": ("perigee-operator", ["perigee-operator"]),
        "RoleBinding/perigee-heartbeats/perigee-edge": ("perigee-edge", ["perigee-edge"]),
    }


def test_heartbeats_have_a_namespace_of_the_name_that_parts_know(
    defaults: dict[str, Any],
) -> None:
    assert f"Namespace/{names.HEARTBEAT_NAMESPACE}" in defaults


def test_who_tells_again_after_a_restart_reads_events(render: Render) -> None:
    receiver = {"name": "a", "url": "https://example.com", "secret": "b"}
    role = render({"webhooks": {"receivers": [receiver]}})["ClusterRole/perigee-operator"]
    wanted = RIGHTS["ClusterRole/perigee-operator"] | {"events.k8s.io/events": ("create", "list")}
    assert granted(role) == wanted
