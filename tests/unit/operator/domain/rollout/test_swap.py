from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import model_spec
from paper_fleet.views import (
    at,
    known,
    model_view,
    node,
    pod,
    revision_of,
    revision_view,
    satellite,
    situation,
    window,
)
from perigee_api.inference_model import (
    AbortedRollout,
    InferenceModelSpec,
    InferenceModelStatus,
    RolloutStatus,
    Swap,
)
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.rollout.swap import Swapping, swapping
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.workloads.quantity import thousandths

DARK = SatellitePhase.EXPECTED_DARK
TWO_GI = {"memory": thousandths("2Gi")}
RESOURCES = {"requests": {"memory": "2Gi"}}


def spec(number: int = 1, *, replicas: int | None = 2, **rollout: Any) -> InferenceModelSpec:
    rollout = {"strategy": "Replace"} | rollout
    return model_spec(
        artifact_number=number, replicas=replicas, rollout=rollout, resources=RESOURCES
    )


A, B = revision_of(spec(1)), revision_of(spec(2))
TRYING = RolloutState(A, rollout=RolloutStatus(candidate=B, started=at(0), step_started=at(0)))
GIVEN_UP = RolloutState(A, aborted=AbortedRollout(revision=B, reason="X", message="x", time=at(0)))


def tight(name: str, *holds: int, claimed: bool = True, **more: Any) -> Satellite:
    """A satellite with room for one copy, which it has."""
    own = node(name, allocatable={"memory": thousandths("3Gi")})
    on_board = TWO_GI if claimed else {}
    return satellite(name, holds=holds or (1, 2), node=own, claimed=on_board, **more)


def serves(revision: str, on: str, **more: Any) -> PodView:
    given = {"active": True, "requests": TWO_GI}
    return pod(f"{revision}-{on}", revision, on, **{**given, **more})


def swap(name: str, revision: str = B, **more: Any) -> Swap:
    return Swap(satellite=name, revision=revision, began=at(0), **more)


def scene(
    *things: PodView | Satellite, swaps: tuple[Swap, ...] = (), asked: Any = None, **more: Any
) -> Situation:
    pods = tuple(thing for thing in things if isinstance(thing, PodView))
    history = (revision_view(spec(1), 1, promoted=True), revision_view(spec(2), 2))
    status = InferenceModelStatus(stable_revision=A, swaps=list(swaps))
    model = model_view(asked or spec(2, **more), revisions=history, pods=pods, status=status)
    found = situation(model, *(thing for thing in things if isinstance(thing, Satellite)))
    return replace(found, swaps=swaps)


def look(found: Situation, state: RolloutState = TRYING, wave: str | None = None) -> Swapping:
    chosen = tuple(s for s in found.eligible if wave is None or s.name in wave)
    return swapping(found, state, chosen if state.candidate else (), at(10))


def told(found: Swapping) -> str:
    """Swaps as in ``s>b`` under way, ``s=b`` over; those that wait in brackets."""
    short = {A: "a", B: "b"}
    marks = [
        f"{r.satellite}{'>' if r.ended is None else '='}{short[r.revision]}" for r in found.records
    ]
    return " ".join(marks + [f"({name})" for name in sorted(found.waits)])


def pair(*more: PodView | Satellite, **changed: Any) -> Situation:
    """The stable revision on s and t."""
    return scene(tight("s"), tight("t"), serves(A, "s"), serves(A, "t"), *more, **changed)


def test_one_satellite_begins_and_the_other_waits_for_its_turn() -> None:
    found = look(pair())
    assert told(found) == "s>b (t)"
    assert found.effective == (), "nothing follows before it is recorded"
    assert found.in_turn == {"t"}
    assert [note.reason for note in found.notes] == ["SwapBegins"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"phase": DARK}, "(s)"),
        ({"reachable": False}, "(s)"),
        ({"routed": False}, "(s)"),
        ({"contacts": known([window(-600, 30)])}, "(s)"),
        ({"contacts": known([window(-600, 40)])}, "s>b"),
        ({"contacts": known([window(-600, 20), window(15, 90)])}, "s>b"),
        ({"contacts": known([])}, "s>b"),
    ],
)
def test_it_begins_in_a_contact_that_lasts_long_enough(
    changed: dict[str, Any], expected: str
) -> None:
    found = scene(tight("s", **changed), tight("t"), serves(A, "s"), serves(A, "t"))
    assert told(look(found, wave="s")) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (pair(strategy="SideBySide"), ""),
        (pair(strategy="Auto"), "s>b (t)"),
        (pair(maxUnavailable=2), "s>b (t)"),  # one has to serve
        (pair(tight("u"), serves(A, "u"), replicas=3, maxUnavailable=2), "s>b t>b (u)"),
        (pair(tight("u", claimed=False), replicas=3), "(s) (t)"),  # u could serve, and does not
        (pair(replicas=0), ""),
        # Its files first.
        (scene(tight("s", 1), tight("t"), serves(A, "s"), serves(A, "t")), "t>b (s)"),
        # With Auto only where there is no room for both.
        (scene(satellite("s", holds=(1, 2)), serves(A, "s"), strategy="Auto"), ""),
        # What does not serve costs nothing, and goes first.
        (
            scene(tight("s"), tight("t"), serves(A, "s"), serves(A, "t", verified=False)),
            "t>b (s)",
        ),
        # One that has both keeps both.
        (scene(tight("s"), serves(A, "s"), serves(B, "s", active=False), replicas=1), ""),
    ],
)
def test_where_a_candidate_takes_a_place(found: Situation, expected: str) -> None:
    assert told(look(found)) == expected


@pytest.mark.parametrize(
    ("found", "state", "expected"),
    [
        # It goes on while the stable copy is there, and until the candidate is verified.
        (pair(swaps=(swap("s"),)), TRYING, "s>b (t)"),
        (scene(tight("s"), tight("t"), serves(A, "t"), swaps=(swap("s"),)), TRYING, "s>b (t)"),
        (
            scene(
                tight("s"), tight("t"), serves(A, "t"),
                serves(B, "s", verified=False, active=False), swaps=(swap("s"),),
            ),
            TRYING,
            "s>b (t)",
        ),
        # Then it is over, and is kept where copies are counted; it is the next one's turn.
        (
            scene(tight("s"), tight("t"), serves(A, "t"), serves(B, "s"), swaps=(swap("s"),)),
            TRYING,
            "s=b t>b",
        ),
        (
            scene(
                tight("s"), tight("t"), serves(A, "t"), serves(B, "s"),
                swaps=(swap("s"),), asked=spec(2, replicas=None),
            ),
            TRYING,
            "t>b",
        ),
        # Given up with the stable copy still there: it stays.
        (pair(swaps=(swap("s"),)), GIVEN_UP, ""),
        # With it gone the stable revision comes back; what serves waits for its turn.
        (scene(tight("s"), tight("t"), serves(A, "t"), swaps=(swap("s"),)), GIVEN_UP, ""),
        (
            scene(tight("s"), tight("t"), serves(A, "t"), serves(B, "s"), swaps=(swap("s"),)),
            GIVEN_UP,
            "s>a",
        ),
        (
            scene(
                tight("s"), tight("t"), serves(B, "t"), serves(B, "s"),
                swaps=(swap("s", ended=at(5)), swap("t", ended=at(5))),
            ),
            GIVEN_UP,
            "s>a t=b (t)",
        ),
        # Where the stable revision has its copies, what took a place ends as any from before.
        (
            scene(tight("s"), tight("t"), serves(A, "t"), serves(B, "s"),
                  swaps=(swap("s", ended=at(5)),), replicas=1),
            GIVEN_UP,
            "",
        ),
        # Nothing else serves any more: what is still there goes on serving.
        (
            scene(
                tight("s"), tight("t"), serves(A, "s"), serves(A, "t", verified=False),
                swaps=(swap("s"),),
            ),
            TRYING,
            "t>b",
        ),
        # What could serve does not go while nothing does, whether it serves yet or not.
        (
            scene(tight("s", phase=SatellitePhase.LOST), tight("t"), serves(A, "s"),
                  serves(B, "t", active=False)),
            GIVEN_UP,
            "(t)",
        ),
        # A satellite that is lost is none of its business any more.
        (
            scene(
                tight("s", phase=SatellitePhase.LOST), tight("t"), serves(A, "t"),
                swaps=(swap("s"),), replicas=1,
            ),
            TRYING,
            "(t)",
        ),
    ],
)  # fmt: skip
def test_how_a_swap_goes_on(found: Situation, state: RolloutState, expected: str) -> None:
    assert told(look(found, state)) == expected


def test_whoever_is_out_and_waits_for_files_keeps_its_turn() -> None:
    """On s a copy gave way to a third revision, whose place the candidate is to take."""
    third = revision_of(spec(3))
    leaving = serves(third, "s", active=False, verified=False)
    found = scene(
        tight("s", 1), tight("t"), leaving, serves(A, "t"), swaps=(swap("s", third, served=True),)
    )
    waiting = look(found)
    assert sorted(waiting.waits) == ["s", "t"]
    assert [(each.satellite, each.served) for each in waiting.records] == [("s", True)]
    ready = scene(
        tight("s"), tight("t"), leaving, serves(A, "t"), swaps=(swap("s", third, served=True),)
    )
    begun = look(ready)
    assert told(begun) == "s>b (t)"
    assert begun.records[0].served, "it is out as long as nothing serves there"


@pytest.mark.parametrize("serves_yet", [True, False])
def test_whoever_waits_for_another_revision_and_is_the_last_to_serve_gives_no_way(
    serves_yet: bool,  # noqa: FBT001
) -> None:
    """A copy on s was to give way to a third revision before it served."""
    third = revision_of(spec(3))
    found = scene(
        tight("s"), serves(A, "s", active=serves_yet), swaps=(swap("s", third),), replicas=1
    )
    waiting = look(found)
    assert list(waiting.waits) == ["s"]
    assert waiting.records == waiting.effective == ()
    assert [note.reason for note in waiting.notes] == ["SwapGivenUp"]


def test_the_last_copy_goes_only_where_there_is_one_and_the_user_says_so() -> None:
    alone = (tight("s"), serves(A, "s"))
    assert told(look(scene(*alone, replicas=1))) == "(s)"
    assert told(look(scene(*alone, replicas=1, maxUnavailable=1))) == "s>b"
    assert told(look(scene(*alone, replicas=2, maxUnavailable=1))) == "(s)"


def test_nothing_begins_while_the_rollout_is_paused() -> None:
    held = pair()
    held = replace(held, spec=held.spec.model_copy(update={"paused": True}))
    assert told(look(held)) == "(s) (t)"
    back = scene(tight("s"), tight("t"), serves(A, "t"), serves(B, "s"), swaps=(swap("s"),))
    back = replace(back, spec=held.spec)
    assert told(look(back, GIVEN_UP)) == "s>a", "the way back waits for nobody"


NAMES = "stuv"


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    things: list[PodView | Satellite] = []
    swaps: list[Swap] = []
    for name in NAMES:
        phase = draw(st.sampled_from([SatellitePhase.IN_CONTACT, DARK, SatellitePhase.LOST]))
        holds = draw(st.sampled_from([(1,), (2,), (1, 2)]))
        things.append(tight(name, *holds, phase=phase, routed=draw(st.booleans())))
        revision = draw(st.sampled_from([A, B, None]))
        if revision is not None:
            verified, active = draw(st.booleans()), draw(st.booleans())
            things.append(serves(revision, name, verified=verified, active=active))
        if draw(st.integers(0, 3)) == 0:
            swaps.append(swap(name, draw(st.sampled_from([A, B])), served=draw(st.booleans())))
    return scene(
        *things,
        swaps=tuple(swaps),
        asked=spec(
            2,
            replicas=draw(st.sampled_from([1, 2, 4, None])),
            strategy=draw(st.sampled_from(["Replace", "Auto"])),
            maxUnavailable=draw(st.integers(1, 3)),
        ),
    )


@given(situations(), st.sampled_from([TRYING, GIVEN_UP]), st.sets(st.sampled_from(NAMES)))
def test_whatever_is_the_case_one_copy_stays_and_no_more_go_than_may(
    found: Situation, state: RolloutState, wave: set[str]
) -> None:
    chosen = tuple(s for s in found.eligible if s.name in wave)
    after = swapping(found, state, chosen if state.candidate else (), at(10))
    before, afterwards = found.boards, replace(found, swaps=after.records).boards
    serving = [
        p
        for p in found.model.pods
        if p.serves and p.verified and not found.satellites[p.node or ""].out_of_service
    ]
    begun = [p for p in serving if afterwards.is_withdrawn(p) and not before.is_withdrawn(p)]
    if begun and found.copies > 1:
        assert not all(map(afterwards.is_withdrawn, serving)), "one copy serves on"
    # What is begun is not given up again with nothing changed.
    again = replace(found, swaps=after.records)
    assert {
        r.satellite
        for r in swapping(again, state, chosen if state.candidate else (), at(10)).records
    } >= {r.satellite for r in after.records if r.ended is None and r not in found.swaps}
    out = [swap for swap in after.records if swap.served and swap.ended is None]
    already = [swap for swap in found.swaps if swap.served]
    assert len(out) <= max(found.spec.rollout.unavailable, len(already))
    assert len({swap.satellite for swap in after.records}) == len(after.records)
    for pod_ in begun:
        there, revision = (
            found.satellites[pod_.node or ""],
            afterwards.swaps[pod_.node or ""].revision,
        )
        assert there.reachable
        assert there.routed
        assert all(there.holds(file.sha256) for file in found.revisions[revision].artifacts)
