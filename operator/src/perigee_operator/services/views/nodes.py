"""Views of Nodes."""

from perigee_operator.domain.fleet import NodeView
from perigee_operator.domain.odd import rows, table, text
from perigee_operator.domain.writes import Json, Taint
from perigee_operator.services.views.common import amounts_of, identity, is_true, labels_of


def node_view(node: Json) -> NodeView:
    """A Node as the domain sees it.

    Raises:
        UnviewableError: nobody can tell which Node it is.
    """
    own, labels, status = identity(node), labels_of(node), table(node.get("status"))
    taints = rows(table(node.get("spec")).get("taints"))
    return NodeView(
        name=own.name,
        uid=own.uid,
        labels=labels,
        taints=frozenset(
            Taint(text(t.get("key")), text(t.get("effect")), text(t.get("value"))) for t in taints
        ),
        architecture=labels.get("kubernetes.io/arch", ""),
        ready=is_true(status, "Ready"),
        allocatable=amounts_of(status.get("allocatable")),
    )
