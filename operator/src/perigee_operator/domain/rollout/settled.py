"""Whether a decision about a model stands for as long as nothing of the model changes."""

from collections.abc import Mapping

from perigee_api.inference_model import InferenceModelStatus, ModelPhase
from perigee_operator.domain.placement.choice import with_standby
from perigee_operator.domain.rollout.layout import RevisionLayout
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation


def is_settled(
    situation: Situation,
    state: RolloutState,
    status: InferenceModelStatus,
    places: Mapping[str, RevisionLayout],
) -> bool:
    """Whether nothing is under way that any satellite that comes into contact could further."""
    if state.rollout is not None or status.phase is not ModelPhase.HEALTHY:
        return False
    if any(pod.refused for pod in situation.model.pods):
        return False
    if situation.spec.placement.keep_in_reach or situation.clearance.comes_after is not None:
        return False  # What is said of its reach follows the clock; of whom it waits for, others.
    place = places.get(state.stable or "")
    if place is not None and _lacks_room(situation, place):
        return False
    if situation.spec.placement.every_satellite or place is None:
        return True
    return situation.are_at_home(place.revision.name, place.satellites)


def _lacks_room(situation: Situation, place: RevisionLayout) -> bool:
    """Whether fewer satellites have room than are wanted: any other might get some."""
    every = situation.spec.placement.every_satellite
    wanted = situation.copies if every else with_standby(situation.copies)
    return len(place.satellites) < min(wanted, len(situation.eligible))
