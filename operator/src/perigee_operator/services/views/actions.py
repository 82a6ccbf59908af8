"""Views of RolloutActions."""

from perigee_api.rollout_action import RolloutActionSpec
from perigee_operator.domain.fleet import ActionView
from perigee_operator.domain.odd import moment, table, text
from perigee_operator.domain.writes import Json
from perigee_operator.services.views.common import identity, parsed


def action_view(item: Json) -> ActionView:
    """A RolloutAction as the domain sees it.

    Raises:
        UnviewableError: nobody can tell which one it is, or when it was asked for.
    """
    own = identity(item)
    spec, error = parsed(RolloutActionSpec, item.get("spec"))
    return ActionView(
        name=own.name,
        namespace=own.namespace or "",
        uid=own.uid,
        spec=spec,
        spec_error=error,
        answered=bool(text(table(item.get("status")).get("state"))),
        created_at=moment(table(item["metadata"]).get("creationTimestamp")),
    )
