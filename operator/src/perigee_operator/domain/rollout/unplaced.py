"""Pods that find no satellite, in the words of the scheduler."""

import re
from collections.abc import Iterable

from perigee_operator.domain.fleet import PodView


def unplaced(pods: Iterable[PodView], said: str) -> str:
    """How many Pods find no satellite, and why; empty where all do.

    The scheduler counts Nodes, of which others are tainted each time that a satellite rises or
    sets: a status that followed its figures would be written as often.

    Args:
        pods: of a revision.
        said: the status so far. What it says already but for those figures is said as it is there.
    """
    stuck = [pod for pod in pods if pod.unscheduled]
    if not stuck:
        return ""
    count = f"{len(stuck)} Pod{'s find' if len(stuck) > 1 else ' finds'} no satellite: "
    why = min(stuck, key=lambda pod: pod.name).unscheduled
    alike = re.escape(count) + re.sub(r"[0-9]+", "[0-9]+", re.escape(why))
    before = re.search(alike, said)
    return before.group() if before else count + why
