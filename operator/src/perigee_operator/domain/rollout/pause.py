"""Whether a pause is over: a clock for each satellite, or a person's word."""

import math
from datetime import datetime, timedelta

from perigee_api.inference_model import Pause, RolloutStatus
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.rollout.progress import StepVerdict, WaveProgress
from perigee_operator.domain.satellite import Satellite


def pause_verdict(
    pause: Pause, progress: WaveProgress, status: RolloutStatus, now: datetime
) -> StepVerdict:
    """Whether a pause is over, for all but the tolerated share of the wave."""
    since = f"since {status.step_started:%H:%M:%S} UTC"
    if pause.awaits_person:
        message = "a pause, until somebody asks for Resume"
        return StepVerdict(passed=False, message=message, stands_still=True, awaits_person=True)
    if pause.duration is not None:
        message = f"a pause of {pause.duration:g} s, {since}"
        return _clock_verdict(pause.duration, message, progress, status, now)
    if pause.serving is not None:
        message = f"a pause of {pause.serving:g} s of serving on each satellite, {since}"
        return _clock_verdict(pause.serving, message, progress, status, now)
    return _contact_verdict(pause.contact_time or 0, since, progress, status, now)


def _clock_verdict(
    wanted_s: float, message: str, progress: WaveProgress, status: RolloutStatus, now: datetime
) -> StepVerdict:
    had_s = [
        (now - _clock_of(s, progress, status, now)) / timedelta(seconds=1) for s in progress.wave
    ]
    left_s = _left_s(wanted_s, had_s, progress)
    # Not how much is left: that would change, and be written, with every look.
    return StepVerdict(left_s <= 0, message if left_s > 0 else "", next_change_s=left_s)


def _contact_verdict(
    wanted_s: float, since: str, progress: WaveProgress, status: RolloutStatus, now: datetime
) -> StepVerdict:
    had_s = [s.contact_s(_clock_of(s, progress, status, now), now) for s in progress.wave]
    left_s = _left_s(wanted_s, had_s, progress)
    if left_s <= 0:
        return StepVerdict(passed=True, message="")
    dark = all(s.phase is not SatellitePhase.IN_CONTACT for s in progress.wave)
    message = f"a pause of {wanted_s:g} s of contact, {since}"
    unplanned = [s.name for s in progress.wave if not s.contacts.windows]
    if unplanned:
        message += f"; contacts of {', '.join(unplanned[:5])} are not predicted, so none count"
    return StepVerdict(
        passed=False, message=message, stands_still=dark, next_change_s=None if dark else left_s
    )


def _clock_of(
    satellite: Satellite, progress: WaveProgress, status: RolloutStatus, now: datetime
) -> datetime:
    """From when on a satellite's time counts: in this step, and with the candidate verified."""
    return max(status.step_started, progress.verified_at.get(satellite.node.name, now))


def _left_s(wanted_s: float, had_s: list[float], progress: WaveProgress) -> float:
    """Seconds until all but the tolerated share have had enough; 0 if they have."""
    short = sorted(wanted_s - each_s for each_s in had_s if each_s < wanted_s)
    tolerated = math.floor(len(progress.wave) * progress.unreachable_percent / 100)
    return short[len(short) - tolerated - 1] if len(short) > tolerated else 0
