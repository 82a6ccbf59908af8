"""Where an object lives on the API server."""

from urllib.parse import quote

from perigee_operator.domain.kinds import Kind
from perigee_operator.domain.writes import ObjectKey


def collection_path(kind: Kind, namespace: str | None = None) -> str:
    """Path of all objects of a kind, or of those in one namespace.

    Raises:
        ValueError: a namespace for a kind that has none.
    """
    if namespace is not None and not kind.namespaced:
        raise ValueError(f"{kind.name} is cluster-scoped: namespace {namespace!r} makes no sense")
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    within = "" if namespace is None else f"/namespaces/{quote(namespace, safe='')}"
    return f"{root}{within}/{kind.plural}"


def object_path(key: ObjectKey, subresource: str | None = None) -> str:
    """Path of one object, or of a subresource of it such as ``status``.

    Raises:
        ValueError: a namespaced object without a namespace, or the other way round; no name.
    """
    if key.kind.namespaced and not key.namespace:
        raise ValueError(f"{key.kind.name} {key.name!r} needs a namespace")
    if not key.name:
        raise ValueError(f"a {key.kind.name} needs a name")
    path = f"{collection_path(key.kind, key.namespace)}/{quote(key.name, safe='')}"
    return path if subresource is None else f"{path}/{subresource}"
