"""A day of a constellation on paper whose copies are ill arranged: they move, and then they rest.

Windows as two stations see those of a Walker constellation: planes pass over each of them twice a
day, for four orbits in a row, one satellite after the other. The model begins on a train of three
that fly behind each other; two more planes are launched then, of satellites well apart. Everything
is the operator's own, which begins anew every two hours, and so are the promises that are watched.
"""

from datetime import timedelta
from typing import Final

from paper_fleet.fleet import PaperFleet
from paper_fleet.intents import START, contact, model_body
from paper_fleet.promises import Promises
from paper_fleet.scenes import serving

STEP_S: Final = 60
ORBIT_MIN: Final = 96
PASS_MIN: Final = 12
DAY_MIN: Final = 1440
COPIES: Final = 3
TRAIN: Final = {"a1": (0, 0), "a2": (0, 3), "a3": (0, 6)}
LATER: Final = {"b1": (240, 0), "b2": (240, 48), "c1": (480, 0), "c2": (480, 48)}
"""Minutes from the first plane's pass to this one's, and from the first satellite to this one."""


def rises(plane_min: int, phase_min: int) -> list[int]:
    """The minutes of the day in which passes begin: over two stations, two clusters each."""
    return [
        (plane_min + phase_min + station_min + half_day_min + orbit * ORBIT_MIN) % DAY_MIN
        for station_min in (0, 100)
        for half_day_min in (0, 720)
        for orbit in range(4)
    ]


def launch(fleet: PaperFleet, satellites: dict[str, tuple[int, int]]) -> None:
    for name, where in satellites.items():
        contacts = [
            contact((rise - DAY_MIN) * 60, (rise - DAY_MIN + PASS_MIN) * 60, every=DAY_MIN * 60)
            for rise in rises(*where)
        ]
        fleet.add_satellite(name, contacts=contacts, heartbeat_s=STEP_S, lost_after_s=600)


def in_contact(fleet: PaperFleet) -> set[str]:
    """The satellites that are in contact in the minute that begins, by their plans."""
    minute = int((fleet.now - START).total_seconds()) // 60
    return {
        name
        for name, where in (TRAIN | LATER).items()
        if any((minute - rise) % DAY_MIN < PASS_MIN for rise in rises(*where))
    }


def test_a_day_with_moves_is_at_no_moment_behind_one_without_and_they_end() -> None:
    fleet = PaperFleet()
    fleet.observers.append(Promises(fleet).look)
    launch(fleet, TRAIN)
    fleet.ask("m", model_body(replicas=COPIES, placement={"keepInReach": 1}))
    fleet.pass_time(30 * STEP_S, step_s=STEP_S)
    assert set(serving(fleet)) == set(TRAIN)
    launch(fleet, LATER)
    gained_min = 0
    for minute in range(DAY_MIN):
        fleet.pass_time(STEP_S, step_s=STEP_S)
        if minute % 120 == 119:
            fleet.restart()
        heard, served = in_contact(fleet), set(serving(fleet))
        assert COPIES <= len(served) <= COPIES + 1
        gained_min += bool(heard & served) - bool(heard & set(TRAIN))
        assert gained_min >= 0
    told = [(a.reason, a.at) for a in fleet.api.announced if a.reason.startswith("Copy")]
    assert {reason for reason, _ in told} == {"CopyMoves", "CopyMoved"}, told
    moved = [at for reason, at in told if reason == "CopyMoved"]
    assert len(moved) <= COPIES, told
    assert moved[-1] < START + timedelta(hours=16), told
    assert gained_min > 60, told
