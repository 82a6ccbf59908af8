"""Whether a rollout's step has passed, and what it waits for."""

import math
from datetime import datetime

from perigee_api.inference_model import RolloutStatus, Step
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.rollout.pause import pause_verdict
from perigee_operator.domain.rollout.progress import StepVerdict, WaveProgress, waiting
from perigee_operator.domain.satellite import Satellite


def wave_verdict(progress: WaveProgress, *, tolerate_unreachable: bool = True) -> StepVerdict:
    """The candidate is verified on the wave's satellites, all but the tolerated share."""
    if not progress.wave or progress.nobody_selected:
        message = "no satellite that qualifies has the labels that the wave selects"
        return StepVerdict(passed=False, message=message, stands_still=True, awaits_person=True)
    missing = [s for s in progress.wave if s.node.name not in progress.verified]
    still = [s for s in missing if _stands_still(s, progress)]
    percent = progress.unreachable_percent if tolerate_unreachable else 0
    passed = len(missing) <= math.floor(len(progress.wave) * percent / 100)
    verified = len(progress.wave) - len(missing)
    message = f"verified on {verified} of {len(progress.wave)} satellites"
    if missing:
        message += f"; {waiting(missing, progress)}"
    return StepVerdict(passed, message, stands_still=bool(missing) and len(still) == len(missing))


def _stands_still(satellite: Satellite, progress: WaveProgress) -> bool:
    dark = satellite.phase is not SatellitePhase.IN_CONTACT
    return dark or satellite.node.name in progress.shortages


def step_verdict(
    step: Step, progress: WaveProgress, status: RolloutStatus, now: datetime
) -> StepVerdict:
    """Whether a step has passed. Each step wants its wave verified, too."""
    wave = wave_verdict(progress)
    if not wave.passed:
        return wave
    if step.weight is not None:
        # Of a share that is more than there are, all that can serve do.
        wanted = min(progress.active_wanted, len(progress.verified))
        message = f"{progress.active} of {wanted} Pods of the candidate serve"
        return StepVerdict(progress.active >= wanted, message)
    if step.pause is not None:
        return pause_verdict(step.pause, progress, status, now)
    analysis = step.analysis
    by_golden_set = analysis is not None and bool(analysis.golden or analysis.drift)
    if (by_golden_set or step.shadow is not None) and progress.revision.spec.golden is None:
        what = "to analyse" if by_golden_set else "by whose metric answers are compared"
        message = f"no data: the revision has no golden set {what}"
        return StepVerdict(passed=False, message=message, awaits_person=True)
    return wave
