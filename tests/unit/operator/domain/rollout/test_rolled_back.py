from dataclasses import replace
from typing import Any

from paper_fleet.intents import START, model_spec
from paper_fleet.views import IMAGE, by_node, model_view, pod, satellite
from perigee_api.base import Condition
from perigee_api.heartbeat import RolledBack
from perigee_api.inference_model import InferenceModelStatus
from perigee_operator.domain.placement.directory import Directory
from perigee_operator.domain.rollout.evidence import Evidence
from perigee_operator.domain.rollout.revision import new_revision
from perigee_operator.domain.rollout.rolled_back import (
    ROLLED_BACK,
    gone_back_nodes,
    rolled_back_notes,
    rolled_back_on_board,
    rolled_back_verdict,
)
from perigee_operator.domain.rollout.situation import Situation

SPEC = model_spec()
REVISION = new_revision(SPEC, IMAGE)
MESSAGE = (
    f"Revision {REVISION.name} on sat-1 went back to old on board: CrashLoop, ended by itself 3 "
    "times"
)


def said(number: int = 1, **more: Any) -> RolledBack:
    given = {
        "pod": f"uid-p{number}",
        "model": "default/m",
        "failed": REVISION.name,
        "revision": "old",
        "reason": "CrashLoop",
        "message": "ended by itself 3 times",
    }
    return RolledBack(**given | more)


def situation(*told: RolledBack, count: int = 1, conditions: Any = ()) -> Situation:
    """Pods p1, p2… on sat-1, sat-2…; each satellite tells of its own Pod."""
    pods = [pod(f"p{n}", REVISION.name, f"sat-{n}", uid=f"uid-p{n}") for n in range(1, count + 1)]
    satellites = [
        satellite(f"sat-{n}", rolled_back=tuple(one for one in told if one.pod == f"uid-p{n}"))
        for n in range(1, count + 1)
    ]
    status = InferenceModelStatus(conditions=list(conditions))
    model = model_view(SPEC, pods=tuple(pods), status=status)
    revisions = {REVISION.name: REVISION}
    found = by_node(*satellites)
    return Situation(model, SPEC, revisions, found, tuple(satellites), Directory(found), START)


def test_a_pod_that_went_back_speaks_against_its_revision() -> None:
    seen = situation(said())
    assert rolled_back_on_board(seen, REVISION) == Evidence(ROLLED_BACK, MESSAGE)
    assert gone_back_nodes(seen, REVISION.name) == {"sat-1"}


def test_nothing_said_is_nothing_found() -> None:
    seen = situation()
    assert rolled_back_on_board(seen, REVISION) is None
    assert gone_back_nodes(seen, REVISION.name) == frozenset()
    assert rolled_back_verdict(seen, REVISION.name) is None
    assert rolled_back_notes(seen, REVISION.name) == ()


def test_who_speaks_of_another_pod_or_revision_is_not_heard() -> None:
    for other in (said(2), said(failed="other")):
        seen = situation()
        speaking = replace(seen.satellites["sat-1"], rolled_back=(other,))
        seen = replace(seen, satellites={"sat-1": speaking})
        assert rolled_back_on_board(seen, REVISION) is None
        assert rolled_back_verdict(seen, REVISION.name) is None


def test_a_file_that_is_lost_on_board_is_no_fault_of_the_revision() -> None:
    seen = situation(said(reason="ArtifactMissing"))
    assert rolled_back_on_board(seen, REVISION) is None
    # And yet it is not verified there.
    assert gone_back_nodes(seen, REVISION.name) == {"sat-1"}


def test_a_stable_revision_says_where_it_does_not_answer_and_tells_of_it_once() -> None:
    seen = situation(said())
    verdict = rolled_back_verdict(seen, REVISION.name)
    assert verdict is not None
    assert (verdict.holds, verdict.reason, verdict.message) == (True, ROLLED_BACK, MESSAGE)
    (note,) = rolled_back_notes(seen, REVISION.name)
    assert (note.reason, note.message, note.revision) == (ROLLED_BACK, MESSAGE, REVISION.name)
    recorded = condition("True", MESSAGE)
    assert rolled_back_notes(situation(said(), conditions=[recorded]), REVISION.name) == ()
    more = situation(said(), said(2), count=2, conditions=[recorded])
    assert len(rolled_back_notes(more, REVISION.name)) == 1


def test_it_is_over_when_nobody_says_so_any_more() -> None:
    verdict = rolled_back_verdict(situation(conditions=[condition("True", "x")]), REVISION.name)
    assert verdict is not None
    assert verdict.holds is False
    assert rolled_back_notes(situation(conditions=[condition("True", "x")]), REVISION.name) == ()


def test_a_large_fleet_is_told_of_in_few_words() -> None:
    verdict = rolled_back_verdict(
        situation(*(said(n, message="y" * 300) for n in range(1, 9)), count=8), REVISION.name
    )
    assert verdict is not None
    assert len(verdict.message) <= 1024


def condition(status: str, message: str) -> Condition:
    return Condition(
        type=ROLLED_BACK,
        status=status,
        reason=ROLLED_BACK,
        message=message,
        last_transition_time=START,
    )
