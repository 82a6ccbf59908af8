"""Copies that move so that more of those that serve are in contact, with the promises watched."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import START, contact, model_body
from paper_fleet.promises import Promises
from paper_fleet.scenes import serving
from perigee_api import names
from perigee_api.copy_move import CopyMove
from perigee_api.inference_model import ModelPhase
from perigee_operator.domain import kinds
from perigee_operator.domain.writes import ObjectKey

EARLY, LATE = contact(0, 600, every=1200), contact(600, 1200, every=1200)
ASKED: dict[str, Any] = {"replicas": 2, "placement": {"keepInReach": 1}}


def crowded(**asked: Any) -> PaperFleet:
    """Two copies on satellites that are in contact at the same times; a third fills their gaps."""
    fleet = PaperFleet()
    fleet.observers += [Promises(fleet).look, never_fewer(fleet)]
    for number in (1, 2):
        fleet.add_satellite(f"sat-{number}", contacts=[EARLY])
    fleet.ask("m", model_body(**(ASKED | asked)))
    fleet.pass_time(60, step_s=10)
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    fleet.add_satellite("sat-3", contacts=[LATE])
    return fleet


def never_fewer(fleet: PaperFleet) -> Callable[[str], None]:
    """Of the copies that a model wants none is missing, once they have been there."""
    most = 0

    def look(done: str) -> None:
        nonlocal most
        present = len(serving(fleet))
        most = max(most, present)
        wanted = fleet.api.get(ObjectKey(kinds.INFERENCE_MODEL, "m", "default"))
        replicas = wanted["spec"]["placement"]["replicas"] if wanted else 0
        assert most < replicas or present >= replicas, done
        revisions = Counter(p["metadata"]["labels"][names.REVISION_LABEL] for p in fleet.pods())
        assert max(revisions.values(), default=0) <= replicas + 1, done

    return look


def move(fleet: PaperFleet) -> CopyMove:
    found = fleet.model().move
    assert found is not None
    return found


def told(fleet: PaperFleet) -> list[tuple[str, str]]:
    """What was announced of moves."""
    return [(a.reason, a.note) for a in fleet.api.announced if a.reason.startswith("Copy")]


def reach(fleet: PaperFleet) -> str:
    (found,) = [c for c in fleet.model().conditions if c.type == "InReach"]
    return found.message


def pass_until(fleet: PaperFleet, reached: Callable[[], bool], seconds: float = 3600) -> None:
    """Time passes until something is so.

    Raises:
        AssertionError: it did not become so in that time.
    """
    ends = fleet.now.timestamp() + seconds
    while not reached():
        assert fleet.now.timestamp() < ends, fleet.model()
        fleet.pass_time(10, step_s=10)


def has_begun(fleet: PaperFleet) -> Callable[[], bool]:
    return lambda: fleet.model().move is not None


def test_a_copy_moves_to_where_it_fills_the_gaps_and_then_none_does() -> None:
    fleet = crowded()
    fleet.pass_time(30, step_s=10)
    assert reach(fleet).endswith("a copy is moved where that gains 600 s or more.")
    pass_until(fleet, has_begun(fleet))
    assert set(serving(fleet)) == {"sat-1", "sat-2"}
    assert reach(fleet).endswith("a copy goes from sat-1 to sat-3, for 43200 s less of 24 hours.")
    pass_until(fleet, lambda: move(fleet).ended is not None)
    assert set(serving(fleet)) == {"sat-2", "sat-3"}
    assert len(fleet.pods()) == 2
    assert reach(fleet) == ""
    assert told(fleet) == [
        (
            "CopyMoves",
            (
                "A copy goes from sat-1 to sat-3, and ends where it was once the other serves: "
                "fewer than 1 satellites that serve the model are in contact for 43200 s less of "
                "24 hours then."
            ),
        ),
        ("CopyMoved", "The copy at sat-1 has ended: sat-3 serves in its place."),
    ]
    assert fleet.model().phase is ModelPhase.HEALTHY
    # It is no rollout: the history has nothing of it.
    assert {entry.reason for entry in fleet.model().history} == {"RolloutStarted", "Promoted"}
    ended = move(fleet)
    fleet.pass_time(4200, step_s=30)
    assert move(fleet) == ended


def test_it_goes_on_whenever_the_operator_begins_anew() -> None:
    fleet = crowded()
    seen: list[str | None] = []
    while fleet.model().move is None or move(fleet).ended is None:
        fleet.pass_time(10, step_s=10)
        fleet.restart()
        found = fleet.model().move
        seen.append(found.model_dump_json(include={"to_satellite", "started"}) if found else None)
        assert fleet.now.timestamp() < START.timestamp() + 7200
    assert set(serving(fleet)) == {"sat-2", "sat-3"}
    assert len(set(seen) - {None}) == 1


@pytest.mark.parametrize(
    ("what", "why", "serving_then"),
    [
        ({"artifact_number": 2}, "a rollout is under way", {"sat-1", "sat-2"}),
        ({"replicas": 3}, "the other copies are not as they were", {"sat-1", "sat-2", "sat-3"}),
    ],
)
def test_a_move_is_given_up_when_the_model_is_changed(
    what: dict[str, Any], why: str, serving_then: set[str]
) -> None:
    fleet = crowded()
    pass_until(fleet, has_begun(fleet))
    fleet.ask("m", model_body(**(ASKED | what)))
    fleet.pass_time(30, step_s=10)
    assert move(fleet).given_up == why
    assert told(fleet)[-1] == (
        "CopyStays",
        f"The copy at sat-1 does not go to sat-3: {why}.",
    )
    pass_until(fleet, lambda: fleet.model().rollout is None and set(serving(fleet)) == serving_then)


def test_a_copy_that_has_come_stands_in_where_another_leaves_meanwhile() -> None:
    fleet = crowded()
    pass_until(fleet, lambda: len(fleet.pods()) == 3)
    fleet.amend_satellite("sat-2", maintenance=True)
    pass_until(fleet, lambda: set(serving(fleet)) == {"sat-1", "sat-3"})
    assert move(fleet).given_up == "the other copies are not as they were"
    fleet.amend_satellite("sat-2", maintenance=False)
    pass_until(fleet, lambda: len(fleet.pods()) == 2)
