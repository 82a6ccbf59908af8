"""What a contact plan wants of the links at a moment, and when it wants something else; pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from perigee_lab.errors import LabError
from perigee_lab.play.windows import Windows, contact_spans

Plan = Mapping[str, Windows]
"""Windows by satellite."""

HORIZON_S: Final = 6 * 3600.0
"""How far ahead the next change is looked for; the decision is made anew at least that often."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is due."""

    links: dict[str, bool]
    """Links that must change: True is restored, False is cut."""
    next_s: float
    """When the decision must be made anew."""


def due(plan: Plan, links: Mapping[str, bool | None], now_s: float) -> Due:
    """What must be done now.

    Args:
        plan: windows by satellite.
        links: which are up, as far as that is known.
        now_s: the moment, by the plan's clock.
    """
    wanted = {name: in_contact(windows, now_s) for name, windows in plan.items()}
    changes = (next_change_s(windows, now_s) for windows in plan.values())
    return Due(
        {name: up for name, up in wanted.items() if links.get(name) is not up},
        min((each for each in changes if each is not None), default=now_s + HORIZON_S),
    )


def in_contact(windows: Windows, now_s: float) -> bool:
    """Whether a link is up at a moment."""
    after_s = math.nextafter(now_s, math.inf)
    return any(span.contains(now_s) for span in contact_spans(windows, now_s, after_s))


def next_change_s(windows: Windows, now_s: float) -> float | None:
    """When a link changes next: AOS or LOS; None if not within `HORIZON_S`."""
    until_s = now_s + HORIZON_S
    for span in contact_spans(windows, now_s, until_s):
        for moment_s in (span.start_s, span.end_s):
            if now_s < moment_s < until_s:
                return moment_s
    return None


def end_s(plan: Plan) -> float:
    """When the last link changes for the last time; 0 if none ever does.

    Raises:
        LabError: it goes on for good.
    """
    last_s = 0.0
    for name, windows in plan.items():
        for window in windows:
            if window.last_change_s == math.inf:
                raise LabError(f"the plan of {name} repeats without `until`: it has no end")
            last_s = max(last_s, window.last_change_s)
    return last_s
