"""A fleet's horizons over days, with the computing left out."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from paper_fleet.views import at
from perigee_operator.domain.orbit.horizon import (
    LONGEST_BACK,
    LOOK_AHEAD,
    LOOK_BACK,
    PIECE,
    SLOT,
    Known,
    Piece,
    Urgency,
    batch,
    next_piece,
    wanted_from,
)

STATIONS = 10
NOW = at(1234)


def unknown(number: int) -> Known:
    return Known(
        uid=f"u{number}",
        name=f"sat-{number}",
        known_from=NOW,
        known_until=NOW,
        ends=False,
        begins=False,
        outdated=False,
    )


@dataclass
class Sky:
    """Computes at once whatever is asked for."""

    known: dict[str, Known]
    done: list[Piece] = field(default_factory=list)

    def settle(self, now: datetime, back_to: datetime | None = None) -> list[Piece]:
        before = len(self.done)
        while True:
            wanted = wanted_from(back_to, now)
            piece = next_piece(self.known.values(), STATIONS, wanted, now)
            if piece is None:
                return self.done[before:]
            assert piece.uids
            assert len(piece.uids) <= batch(STATIONS, piece.until - piece.since)
            self.done.append(piece)
            for uid in piece.uids:
                self.known[uid] = self._after(self.known[uid], piece)

    @staticmethod
    def _after(known: Known, piece: Piece) -> Known:
        assert piece.since < piece.until
        if piece.urgency in {Urgency.FIRST, Urgency.ANEW}:
            return replace(known, known_from=piece.since, known_until=piece.until, outdated=False)
        if piece.urgency is Urgency.AHEAD:
            assert piece.since == known.known_until
            return replace(known, known_until=piece.until)
        assert piece.until == known.known_from
        return replace(known, known_from=piece.since)


def fleet(size: int) -> Sky:
    return Sky({f"u{number}": unknown(number) for number in range(size)})


def test_everybody_is_served_first_and_then_all_is_completed() -> None:
    sky = fleet(300)
    done = sky.settle(NOW)
    order = [piece.urgency for piece in done]
    assert order == sorted(order)
    assert set(order) == {Urgency.FIRST, Urgency.AHEAD, Urgency.BACK}
    for piece in done:
        if piece.urgency is Urgency.FIRST:
            assert piece.since < NOW < piece.until
    for known in sky.known.values():
        assert known.known_from <= NOW - LOOK_BACK
        assert NOW + LOOK_AHEAD <= known.known_until <= NOW + LOOK_AHEAD + PIECE + SLOT


def test_the_horizon_rolls_on_and_never_for_all_at_once() -> None:
    sky = fleet(600)
    sky.settle(NOW)
    rolled: Counter[str] = Counter()
    for minutes in range(0, 24 * 60, 10):
        now = NOW + timedelta(minutes=minutes)
        pieces = sky.settle(now)
        assert all(piece.urgency is Urgency.AHEAD for piece in pieces)
        moved = [uid for piece in pieces for uid in piece.uids]
        # A sixth of the fleet has its turn each hour.
        assert len(moved) <= 600 / 3
        rolled.update(moved)
        assert all(known.known_until >= now + LOOK_AHEAD for known in sky.known.values())
    assert set(rolled) == set(sky.known)
    assert set(rolled.values()) <= {3, 4}


def test_after_a_long_pause_one_piece_catches_up() -> None:
    sky = fleet(1)
    sky.settle(NOW)
    (piece,) = sky.settle(NOW + timedelta(days=3))
    assert piece.until - piece.since > LOOK_AHEAD


def test_what_has_an_end_is_left_alone_beyond_it() -> None:
    sky = Sky({"u": replace(unknown(1), uid="u", ends=True)})
    assert [piece.urgency for piece in sky.settle(NOW)] == [Urgency.BACK]
    sky = Sky({"u": replace(unknown(1), uid="u", ends=True, begins=True)})
    assert sky.settle(NOW) == []


def test_what_is_outdated_is_computed_anew_over_the_same_time() -> None:
    sky = fleet(20)
    sky.settle(NOW)
    before = dict(sky.known)
    sky.known = {uid: replace(known, outdated=True) for uid, known in before.items()}
    sky.known["new"] = replace(unknown(99), uid="new")
    done = sky.settle(NOW)
    assert done[0].uids == ("new",)
    assert {piece.urgency for piece in done[1:-2]} == {Urgency.ANEW}
    assert {uid: sky.known[uid] for uid in before} == before


@pytest.mark.parametrize(
    ("back_s", "expected"),
    [
        (None, NOW - LOOK_BACK),
        (0, NOW - LOOK_BACK),
        (-400_000, at(-400_000)),
        (-1e8, NOW - LONGEST_BACK),
    ],
)
def test_contact_that_is_counted_for_long_is_looked_for_further_back(
    back_s: float | None, expected: datetime
) -> None:
    found = wanted_from(None if back_s is None else at(back_s), NOW)
    assert expected - SLOT < found <= expected


def test_a_job_is_the_smaller_the_more_stations_there_are() -> None:
    assert batch(1, timedelta(days=1)) == 400
    assert batch(10, timedelta(days=2)) == 20
    assert batch(1000, timedelta(days=4)) == 1
