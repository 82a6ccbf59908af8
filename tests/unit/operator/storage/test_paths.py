"""Where an object lives on the API server."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain import kinds
from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.writes import ObjectKey
from perigee_operator.storage.paths import collection_path, object_path


@pytest.mark.parametrize(
    ("kind", "namespace", "path"),
    [
        (kinds.NODE, None, "/api/v1/nodes"),
        (kinds.POD, None, "/api/v1/pods"),
        (kinds.POD, "default", "/api/v1/namespaces/default/pods"),
        (kinds.REPLICA_SET, "a", "/apis/apps/v1/namespaces/a/replicasets"),
        (kinds.SATELLITE_NODE, None, "/apis/perigee.space/v1alpha1/satellitenodes"),
    ],
)
def test_collection(kind: Kind, namespace: str | None, path: str) -> None:
    assert collection_path(kind, namespace) == path


@pytest.mark.parametrize(
    ("key", "subresource", "path"),
    [
        (ObjectKey(kinds.NODE, "sat-1"), None, "/api/v1/nodes/sat-1"),
        (ObjectKey(kinds.POD, "p", "d"), "eviction", "/api/v1/namespaces/d/pods/p/eviction"),
        (
            ObjectKey(kinds.SATELLITE_NODE, "sat-1"),
            "status",
            "/apis/perigee.space/v1alpha1/satellitenodes/sat-1/status",
        ),
    ],
)
def test_object(key: ObjectKey, subresource: str | None, path: str) -> None:
    assert object_path(key, subresource) == path


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (ObjectKey(kinds.POD, "p"), "Pod 'p' needs a namespace"),
        (ObjectKey(kinds.POD, "p", ""), "Pod 'p' needs a namespace"),
        (ObjectKey(kinds.NODE, "n", "default"), "Node is cluster-scoped"),
        (ObjectKey(kinds.NODE, ""), "a Node needs a name"),
    ],
)
def test_a_key_that_names_no_object_is_refused(key: ObjectKey, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        object_path(key)


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_name_reaches_into_another_path(namespace: str, name: str) -> None:
    segments = object_path(ObjectKey(kinds.POD, name, namespace)).split("/")
    assert [unquote(segment) for segment in segments] == [
        *("", "api", "v1", "namespaces", namespace, "pods", name)
    ]
