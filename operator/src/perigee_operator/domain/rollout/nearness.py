"""How near satellites are to a revision: the lower, the nearer, as `Situation.nearness` ranks."""

from perigee_operator.domain.satellite import Satellite

TOLD_TO_FETCH = 2
"""Nearness of a satellite that has nothing of a revision yet but the order to fetch it."""
FURTHEST = 6
"""Nearness of a satellite that has nothing of the model at all."""
HOSTS_STABLE = 4
"""Nearness of a satellite that runs the stable revision."""
SENT_AHEAD = 1
"""So much nearer than others like it is one that fetches ahead of its turn."""
IN_PLACE = 500_000
"""Nearness of a satellite that has room only where others give way, and need not: after those with
room for both."""
NO_ROOM = 1_000_000
"""Nearness of a satellite that has no room: beyond all others, whatever a wave's order adds."""


def before_it_begins(satellite: Satellite, own: set[str], *, hosts_stable: bool) -> int:
    """Nearness of a satellite that has not begun with a revision, which has these own digests."""
    nearness = HOSTS_STABLE if hosts_stable else FURTHEST
    return nearness - SENT_AHEAD if is_sent_ahead(satellite, own) else nearness


def is_sent_ahead(satellite: Satellite, own: set[str]) -> bool:
    """Whether it is told to fetch these, a revision's own digests, before it begins with it."""
    return bool(satellite.ahead & own) and own <= satellite.ahead | satellite.assigned
