"""Views of RolloutPolicies, and which of them a model names."""

from perigee_api.rollout_policy import RolloutPolicySpec
from perigee_operator.domain.fleet import PolicyView
from perigee_operator.domain.odd import table, text
from perigee_operator.domain.writes import Json
from perigee_operator.services.views.common import identity, parsed


def policy_view(item: Json) -> PolicyView:
    """A RolloutPolicy, whether it makes sense or not.

    Raises:
        UnviewableError: nobody can tell which one it is.
    """
    spec, error = parsed(RolloutPolicySpec, item.get("spec"))
    return PolicyView(identity(item).name, spec, error)


def policy_name(model: Json) -> str:
    """The policy that an InferenceModel names; empty where it names none."""
    return text(table(table(model.get("spec")).get("rollout")).get("policy"))
