import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_edge.handover.messages import Why
from perigee_edge.handover.served import Served
from perigee_edge.standalone.arbiter import (
    LOADED_WITHIN_S,
    PATIENCE_S,
    SUCCESSOR_S,
    Action,
    Answer,
    Arbiter,
    Grant,
    Remember,
    Start,
    Stop,
    TakeBack,
)

R1 = Served("m", "r1", ("a",), ("--model=m",))
R2 = Served("m", "r2", ("b",), ("--model=m",))
OWN = 100


def actions(arbiter: Arbiter, now_s: float = 0.0) -> list[Action]:
    found = []
    while action := arbiter.next_action(now_s):
        found.append(action)
        assert len(found) < 20, found
    return found


def alone(*known: Served) -> Arbiter:
    """The stand-in serves the first of these."""
    arbiter = Arbiter(known)
    assert actions(arbiter) == [Start(known[0])]
    arbiter.stand_in_claimed(OWN)
    assert actions(arbiter) == [Grant(OWN)]
    return arbiter


def with_pod(*known: Served, pod: Served = R1) -> Arbiter:
    """A Pod, number 1, serves; nothing has been before it in this boot."""
    arbiter = Arbiter(known)
    arbiter.claimed(1, pod)
    assert Grant(1) in actions(arbiter)
    return arbiter


def test_nothing_known_is_answered_by_the_keeper_and_by_no_other() -> None:
    arbiter = Arbiter(())
    assert actions(arbiter) == [Answer(on=True)]
    assert math.isinf(arbiter.due_s())
    arbiter.claimed(1, R1)
    assert actions(arbiter) == [Remember((R1,)), Answer(on=False), Grant(1)]


def test_a_pod_that_claims_before_the_stand_in_is_started_spares_it() -> None:
    arbiter = Arbiter((R1,))
    arbiter.claimed(1, R1)
    assert actions(arbiter) == [Grant(1)]


def test_the_pod_gets_the_socket_after_the_stand_in_gave_it_back() -> None:
    arbiter = alone(R1)
    arbiter.claimed(1, R1)
    assert actions(arbiter) == [TakeBack(OWN)]
    arbiter.released(OWN)
    assert actions(arbiter) == [Stop(), Grant(1)]
    arbiter.stand_in_ended(unfit=False, now_s=1)
    assert actions(arbiter, 1) == []
    assert arbiter.replaceable


def test_a_stand_in_that_still_loads_is_ended_when_a_pod_claims() -> None:
    arbiter = Arbiter((R1,))
    assert actions(arbiter) == [Start(R1)]
    arbiter.claimed(1, R1)
    assert actions(arbiter) == [Stop(), Grant(1)]
    arbiter.stand_in_claimed(OWN)
    assert actions(arbiter) == []


def test_the_newest_claim_serves_and_the_older_one_comes_back() -> None:
    arbiter = with_pod(pod=R1)
    arbiter.claimed(2, R2)
    assert actions(arbiter) == [Remember((R2, R1)), TakeBack(1)]
    arbiter.released(1)
    assert actions(arbiter) == [Grant(2)]
    assert arbiter.withdrawn(2, Why.INACTIVE, 1) == Remember((R1,))
    assert actions(arbiter, 1) == [Grant(1)]


def test_a_pod_that_dies_is_waited_for_before_the_stand_in_is_started() -> None:
    arbiter = with_pod()
    arbiter.gone(1, now_s=5)
    assert actions(arbiter, 5) == []
    assert arbiter.due_s() == 5 + PATIENCE_S
    assert actions(arbiter, 5 + PATIENCE_S) == [Start(R1)]


def test_one_that_ended_in_order_and_has_no_successor_is_forgotten() -> None:
    arbiter = with_pod()
    assert arbiter.withdrawn(1, Why.ENDING, 5) is None, "a reboot in order looks the same"
    assert actions(arbiter, 5) == []
    assert actions(arbiter, 5 + PATIENCE_S) == [Answer(on=True)]
    assert actions(arbiter, 5 + SUCCESSOR_S) == [Remember(())]
    assert math.isinf(arbiter.due_s())


def test_a_successor_in_time_is_served_by() -> None:
    arbiter = with_pod()
    arbiter.withdrawn(1, Why.ENDING, 5)
    arbiter.claimed(2, R1)
    assert actions(arbiter, 6) == [Grant(2)]
    assert actions(arbiter, 1000) == []


@pytest.mark.parametrize("unfit", [True, False])
def test_the_next_record_follows_only_if_the_first_one_is_unfit(unfit: bool) -> None:  # noqa: FBT001
    arbiter = Arbiter((R2, R1))
    assert actions(arbiter) == [Start(R2)]
    arbiter.stand_in_ended(unfit=unfit, now_s=1)
    if unfit:
        assert actions(arbiter, 1) == [Start(R1)]
        arbiter.stand_in_ended(unfit=True, now_s=2)
        assert actions(arbiter, 2) == [Answer(on=True)]
        assert math.isinf(arbiter.due_s()), "no loop of starts"
    else:
        assert actions(arbiter, 1) == [Answer(on=True)]
        assert actions(arbiter, arbiter.due_s()) == [Start(R2), Answer(on=False)]


def test_a_stand_in_that_crashes_is_started_ever_later() -> None:
    arbiter, now_s, waits = Arbiter((R1,)), 0.0, []
    for _ in range(8):
        assert Start(R1) in actions(arbiter, now_s)
        arbiter.stand_in_ended(unfit=False, now_s=now_s)
        actions(arbiter, now_s)
        waits.append(arbiter.due_s() - now_s)
        now_s = arbiter.due_s()
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_stand_in_that_hangs_is_ended() -> None:
    arbiter = Arbiter((R1,))
    actions(arbiter)
    assert arbiter.due_s() == LOADED_WITHIN_S
    assert actions(arbiter, LOADED_WITHIN_S) == [Stop(at_once=True)]


EVENTS = st.one_of(
    st.tuples(st.just("claimed"), st.integers(1, 3), st.sampled_from([R1, R2])),
    st.tuples(st.just("released"), st.integers(1, 3) | st.just(OWN)),
    st.tuples(st.just("withdrawn"), st.integers(1, 3), st.sampled_from(Why)),
    st.tuples(st.just("gone"), st.integers(1, 3)),
    st.tuples(st.just("stand_in_claimed")),
    st.tuples(st.just("stand_in_ended"), st.booleans()),
    st.tuples(st.just("time"), st.floats(0, 100)),
)


class Board:
    """What really accepts, as an arbiter is told and obeyed."""

    def __init__(self, known: tuple[Served, ...]) -> None:
        self.arbiter = Arbiter(known)
        self.accepting: set[int | str] = set()
        self.connected: dict[int, Served] = {}
        self.loading = False
        self.now_s = 0.0

    def happen(self, what: str, *details: Any) -> None:
        getattr(self, what)(*details)
        for action in actions(self.arbiter, self.now_s):
            self.obey(action)
            assert len(self.accepting) <= 1, "two accept"

    def obey(self, action: Action) -> None:
        match action:
            case Grant(server):
                self.accepting.add(server)
            case Answer(on=True):
                self.accepting.add("keeper")
            case Answer():
                self.accepting.discard("keeper")
            case Start():
                assert not self.loading, "two stand-ins"
                assert not self.connected
                self.loading = True

    def claimed(self, server: int, served: Served) -> None:
        if server not in self.connected:
            self.connected[server] = served
            self.arbiter.claimed(server, served)

    def released(self, server: int) -> None:
        if server in self.accepting:
            self.accepting.discard(server)
            self.arbiter.released(server)

    def withdrawn(self, server: int, why: Why) -> None:
        if self.connected.pop(server, None):
            self.accepting.discard(server)
            self.arbiter.withdrawn(server, why, self.now_s)

    def gone(self, server: int) -> None:
        if self.connected.pop(server, None):
            self.accepting.discard(server)
            self.arbiter.gone(server, self.now_s)

    def stand_in_claimed(self) -> None:
        if self.loading:
            self.arbiter.stand_in_claimed(OWN)

    def stand_in_ended(self, unfit: bool) -> None:  # noqa: FBT001
        if self.loading:
            self.loading = False
            self.accepting.discard(OWN)
            self.arbiter.stand_in_ended(unfit=unfit, now_s=self.now_s)

    def time(self, seconds: float) -> None:
        self.now_s += seconds


@given(st.sampled_from([(), (R1,), (R2, R1)]), st.lists(EVENTS, max_size=40))
def test_never_two_accept_and_the_right_one_does_in_the_end(
    known: tuple[Served, ...], events: list[tuple[Any, ...]]
) -> None:
    board = Board(known)
    board.happen("time", 0)
    for event in events:
        board.happen(*event)
    # Whoever is asked for the socket gives it back, and time goes by.
    for _ in range(4):
        for server in (1, 2, 3, OWN):
            wanted = next(reversed(board.connected), None)
            if server != wanted and board.connected:
                board.happen("released", server)
        board.happen("time", 100)
    if board.connected:
        assert board.accepting == {next(reversed(board.connected))}
        assert board.arbiter.known[0] == board.connected[next(reversed(board.connected))]
    elif not board.loading:
        assert board.accepting == {"keeper"}
