"""Models that wait for their turn: who is decided, and what is written, plan by plan."""

from unittest.mock import patch

import pytest

from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import model_body
from paper_fleet.views import IMAGE
from perigee_operator.domain import plan as planning
from perigee_operator.domain.fleet import Settings
from perigee_operator.domain.memory import Memory
from perigee_operator.domain.plan import Plan
from perigee_operator.domain.resumption import BEGINNING, Resumption
from perigee_operator.domain.rollout.decision import decide

NAMES = [f"m{number}" for number in range(8)]
MOST = 2


def a_fleet(rollouts_at_once: int = 0) -> PaperFleet:
    found = fleet_of(4, settings=Settings(serve_image=IMAGE, rollouts_at_once=rollouts_at_once))
    found.pass_time(60)
    return found


def ask(fleet: PaperFleet, artifact_number: int = 0) -> None:
    """For a revision of each model."""
    for number, name in enumerate(NAMES):
        fleet.ask(name, model_body(replicas=1, artifact_number=10 * number + artifact_number + 1))


def look(
    fleet: PaperFleet, memory: Memory | None = None, begins: Resumption = BEGINNING
) -> tuple[str, str, Plan]:
    """Numbers of the models that are decided, and of those of which something is written."""
    with patch.object(planning, "decide", wraps=decide) as spy:
        found = planning.plan(fleet.snapshot(), fleet.now, memory, begins, MOST)
    decided = sorted(call.args[0].name.removeprefix("m") for call in spy.call_args_list)
    written = [t.name.rpartition("/m")[2] for t in found.tracks if t.name.startswith("imodel/")]
    return "".join(decided), "".join(written), found


def test_of_new_models_those_are_decided_whose_turn_it_is() -> None:
    fleet, memory, begins = a_fleet(), Memory(), BEGINNING
    ask(fleet)
    for decided, written in (("012", "01"), ("234", "23"), ("456", "45"), ("067", "67")):
        found = look(fleet, memory, begins)
        assert found[:2] == (decided, written)
        assert look(fleet, begins=begins)[1] == written, "the same as without a memory"
        begins = found[2].resumption


def test_rollouts_that_wait_are_decided_when_something_of_their_own_changes() -> None:
    fleet, memory = a_fleet(), Memory()
    ask(fleet)
    fleet.pass_time(120)
    ask(fleet, artifact_number=1)
    fleet.plan()
    hosts = {name: fleet.pods(name)[0]["spec"]["nodeName"] for name in NAMES}
    planning.plan(fleet.snapshot(), fleet.now, memory)
    assert look(fleet, memory)[0] == "012", "all have something to write"
    fleet.amend_satellite(hosts["m7"], maintenance=True)
    there = {name.removeprefix("m") for name, host in hosts.items() if host == hosts["m7"]}
    assert set(look(fleet, memory)[0]) == {"0", "1", "2"} | there


@pytest.mark.parametrize("limit", [1, 3])
def test_where_few_may_be_under_way_all_are_asked(limit: int) -> None:
    fleet = a_fleet(rollouts_at_once=limit)
    ask(fleet)
    assert look(fleet, Memory())[0] == "01234567"
