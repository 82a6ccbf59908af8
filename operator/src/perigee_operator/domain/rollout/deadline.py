"""When a candidate's time is up: for coming on board, and for being ready there."""

import math
from datetime import datetime
from typing import Final

from perigee_api.inference_model import RolloutStatus
from perigee_operator.domain.rollout.progress import WaveProgress, waiting
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.satellite import Satellite

DELIVERY_ALLOWANCE: Final = 2.0
"""Times what a link takes for a revision's bytes alone: others share it, and it breaks."""


def delivery_s(revision: Revision, satellite: Satellite) -> float:
    """Seconds of contact in which a revision's artifacts are to come on board."""
    kbit = 8 * sum(artifact.size for artifact in revision.artifacts) / 1000
    return DELIVERY_ALLOWANCE * kbit / satellite.uplink_kbit_s


def overdue(
    progress: WaveProgress, status: RolloutStatus, deadline_s: float, now: datetime
) -> str | None:
    """Why the candidate's time is up, or None.

    It is when more satellites than may be unreachable had more contact than they need, and are not
    ready for all that. Each has its own clock: delivery has as long as its link needs for the
    bytes, and from then on `deadline_s` are left. Those in the dark lose no time. Who takes the
    place of a lost one has not had the time that went by before. Where revisions swap in place, who
    waits for its turn loses none either, and nobody who keeps others waiting may be late.
    """
    late = [
        satellite
        for satellite in progress.wave
        if satellite.node.name not in progress.verified | progress.in_turn
        and _allowed_s(satellite, progress, status, deadline_s, now) is not None
    ]
    tolerated = math.floor(len(progress.wave) * progress.unreachable_percent / 100)
    if progress.in_turn and any(each.node.name in progress.swapping_since for each in late):
        tolerated = 0
    if len(late) <= tolerated:
        return None
    allowed_s = _allowed_s(late[0], progress, status, deadline_s, now) or 0
    since = f"After {allowed_s:.0f} s of contact revision {progress.revision.name}"
    return f"{since} is not ready: {waiting(late, progress)}"


def _allowed_s(
    satellite: Satellite,
    progress: WaveProgress,
    status: RolloutStatus,
    deadline_s: float,
    now: datetime,
) -> float | None:
    """The contact that a satellite may have had, if it has had more."""
    began = max(status.step_started, status.members_since or status.step_started)
    began = max(began, progress.swapping_since.get(satellite.node.name, began))
    placed_at = progress.placed_at.get(satellite.node.name)
    whole_s = deadline_s + delivery_s(progress.revision, satellite)
    if placed_at is not None:
        # It has a Pod, and so its artifacts on board.
        if satellite.contact_s(max(began, placed_at), now) > deadline_s:
            return deadline_s
        # A Pod that is made again and again is young each time.
        whole_s += deadline_s
    return whole_s if satellite.contact_s(began, now) > whole_s else None
