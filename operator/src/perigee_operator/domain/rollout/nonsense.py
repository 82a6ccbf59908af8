"""A model whose spec makes no sense: nothing of it is begun or ended, and people are told.

Which of its Pods are asked follows what the Pods and the satellites are: requests do not go where
nobody answers because of a typing error.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from perigee_operator.domain.fleet import ModelView, PodView
from perigee_operator.domain.kinds import INFERENCE_MODEL
from perigee_operator.domain.rollout.actions import refusal
from perigee_operator.domain.rollout.active import active_pods
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.rollout.model_status import invalid_status
from perigee_operator.domain.rollout.pod_writes import FIRST_TO_GO, pod_labels
from perigee_operator.domain.rollout.rollout_state import recorded
from perigee_operator.domain.rollout.unchanged import (
    ahead_as_it_is,
    files_as_they_are,
    labels_as_they_are,
)
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.status import status_write
from perigee_operator.domain.writes import ObjectKey, Track


def left_alone(
    model: ModelView, satellites: Mapping[str, Satellite], now: datetime
) -> ModelDecision:
    """A model that makes no sense keeps what it has."""
    key = ObjectKey(INFERENCE_MODEL, model.name, model.namespace)
    pods = [pod for pod in model.pods if not pod.deleting]
    active = _serving(model, pods, satellites)
    write = status_write(key, model, invalid_status(model, len(active), now))
    # Nobody can say which is to go first; what was said stands.
    first_to_go = frozenset(pod.uid for pod in pods if pod.deletion_cost == FIRST_TO_GO)
    routes = pod_labels(pods, active, first_to_go, satellites)
    labels = labels_as_they_are(model, satellites)
    artifacts, ahead = files_as_they_are(model, satellites), ahead_as_it_is(model, satellites)
    # Nobody can say where else it might run, and a Node that leaves does not wait for that.
    leaving = {name for name, satellite in satellites.items() if satellite.leaving}
    dispensable = frozenset(pod.uid for pod in model.pods if pod.node in leaving)
    why = f"the model's spec is not valid: {model.spec_error}"
    answers = [refusal(action, why, now) for action in model.actions if not action.answered]
    writes = (*write, *answers, *routes)
    return ModelDecision(Track(model.key, writes), labels, artifacts, ahead, dispensable)


def _serving(
    model: ModelView, pods: Sequence[PodView], satellites: Mapping[str, Satellite]
) -> frozenset[str]:
    """The uids of those that serve: what is verified, each revision where it is.

    No stand-in comes for any of them, so none gives way.
    """
    state = recorded(model.status)
    of_candidate = sum(pod.revision == state.candidate and pod.serves for pod in pods)
    return active_pods(pods, state, of_candidate, satellites, stable_suffices=False)
