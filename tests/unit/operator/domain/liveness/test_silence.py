"""The silence of an agent whose satellite lives, over passes and gaps."""

from dataclasses import replace

import pytest

from paper_fleet.intents import contact, satellite_spec
from paper_fleet.views import assessed, at, heartbeat, satellite_view, window
from perigee_api.base import Condition
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.orbit.contacts import Contacts

IN_CONTACT, DARK = SatellitePhase.IN_CONTACT, SatellitePhase.EXPECTED_DARK
SUSPECT, MISSED = SatellitePhase.SUSPECT, SatellitePhase.MISSED_CONTACT
LOST = SatellitePhase.LOST

PASSES = satellite_spec(contacts=[contact(0, 100, every=1000)])
PASSES_NOW = Contacts((window(0, 100),), at(-6 * 3600), at(86_400))
"""The same, as it is known after a long gap."""

SILENT_AGENT = SatelliteNodeStatus(
    phase=DARK,
    conditions=[
        Condition(
            type="AgentSilent", status="True", reason="KubeletHeard", last_transition_time=at(-900)
        )
    ],
)


@pytest.mark.parametrize(
    ("moment", "phase"), [(-300, DARK), (10, DARK), (29, DARK), (30, SUSPECT), (200, MISSED)]
)
def test_an_agent_s_silence_stands_until_it_is_heard(moment: float, phase: SatellitePhase) -> None:
    view = satellite_view(spec=PASSES, status=SILENT_AGENT, heard_s=-1990, kubelet_s=-905)
    found = assessed(view, moment)
    assert (found.phase, found.agent_silent) == (phase, True)
    heard = replace(view, heartbeat=heartbeat(-899))
    assert not assessed(heard, moment).agent_silent


def test_an_agent_s_silence_ends_with_the_satellite() -> None:
    view = satellite_view(spec=PASSES, status=SILENT_AGENT, heard_s=-1990, kubelet_s=-905)
    found = assessed(view, 1200)
    assert (found.phase, found.agent_silent) == (LOST, False)


@pytest.mark.parametrize("moment", [1, 30, 40])
def test_an_agent_that_is_known_to_be_silent_is_not_awaited_anew(moment: float) -> None:
    """Of the passes before nothing is known any more."""
    view = satellite_view(
        spec=PASSES, status=SILENT_AGENT, heard_s=-90_000, kubelet_s=1, contacts=PASSES_NOW
    )
    found = assessed(view, moment)
    assert (found.phase, found.reason, found.agent_silent) == (IN_CONTACT, "AgentSilent", True)
