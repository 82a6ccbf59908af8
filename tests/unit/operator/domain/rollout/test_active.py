import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.views import at, by_node, pod, satellite
from perigee_api.inference_model import AbortedRollout, RolloutStatus
from perigee_api.satellite_node import SatellitePhase
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.active import active_pods
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.satellite import Satellite

DARK, LOST = SatellitePhase.EXPECTED_DARK, SatellitePhase.LOST
FLEET = by_node(*(satellite(f"s{n}") for n in range(1, 5)))


def state(stable: str | None = "a", candidate: str | None = None, gone: str = "") -> RolloutState:
    rollout = RolloutStatus(candidate=candidate or "", started=at(0), step_started=at(0))
    given_up = AbortedRollout(revision=gone, reason="X", message="x", time=at(0))
    return RolloutState(
        stable=stable,
        rollout=rollout if candidate else None,
        aborted=given_up if gone else None,
    )


def serving(  # noqa: PLR0913
    words: str,
    state: RolloutState,
    *,
    wanted: int = 0,
    suffices: bool = False,
    active: str = "",
    fleet: dict[str, Satellite] = FLEET,
    alone: str = "",
    waiting: str = "",
) -> str:
    """Pods as in ``a1 b1 -b2``: revision and satellite, a minus for one that is not verified."""
    pods: list[PodView] = []
    for word in words.split():
        name = word.removeprefix("-")
        verified = word == name
        is_active = name in active.split()
        pods.append(pod(name, name[0], f"s{name[1]}", verified=verified, active=is_active))
    found = active_pods(
        pods,
        state,
        wanted,
        fleet,
        stable_suffices=suffices,
        alone_on=alone.split(),
        waiting_on=waiting.split(),
    )
    return " ".join(sorted(p.name for p in pods if p.uid in found))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (serving("a1 a2", state()), "a1 a2"),
        (serving("a1 -a2", state()), "a1"),
        (serving("", state()), ""),
        # The candidate serves as many as asked, beside the stable revision or in its place.
        (serving("a1 a2 b1", state(candidate="b")), "a1 a2"),
        (serving("a1 a2 b1", state(candidate="b"), wanted=1), "a2 b1"),
        (serving("a1 a2 b1 b2", state(candidate="b"), wanted=1), "a2 b1"),
        (serving("a1 a2 b1 b2", state(candidate="b"), wanted=1, active="b2"), "a1 b2"),
        (serving("a1 a2 -b1 b2", state(candidate="b"), wanted=2), "a1 b2"),
        (serving("a1 b2", state(candidate="b"), wanted=9), "a1 b2"),
        (serving("-a1 b1", state(candidate="b")), ""),
        # With nothing of the stable revision verified the candidate goes on, but does not begin.
        (serving("-a1 b1 b2", state(candidate="b"), active="b2"), "b2"),
        (serving("-a1 a3 b1 b2", state(candidate="b"), active="b2"), "a3"),
        # The first revision serves where it is verified.
        (serving("b1 b2 -b3", state(None, "b")), "b1 b2"),
        # What served before goes on until enough of the stable revision does.
        (serving("a1 z1 z2", state()), "a1 z2"),
        (serving("a1 z1 z2", state(), suffices=True), "a1"),
        (serving("z1", state(None, "b"), suffices=False), "z1"),
        # What was given up serves only where nothing else does.
        (serving("a1 b1 b2", state(gone="b")), "a1"),
        (serving("-a1 b1 b2", state(gone="b")), "b1 b2"),
        (serving("b1 -b2", state(None, gone="b")), "b1"),
        (serving("b1 z1", state(None, gone="b")), "z1"),
    ],
)
def test_which_pods_serve(found: str, expected: str) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("changed", "suffices", "expected"),
    [
        (satellite("s1", phase=DARK), False, "a1 a2"),
        (satellite("s1", phase=LOST), False, "a2"),
        (satellite("s1", leaving=True), False, "a1 a2"),
        (satellite("s1", leaving=True), True, "a2"),
        (satellite("s1", phase=LOST, leaving=True), False, "a2"),
    ],
)
def test_what_is_lost_does_not_serve_and_what_leaves_does_while_it_must(
    *, changed: Satellite, suffices: bool, expected: str
) -> None:
    fleet = FLEET | {"s1": changed}
    assert serving("a1 a2", state(), suffices=suffices, fleet=fleet) == expected


def test_the_candidate_serves_in_contact_first() -> None:
    fleet = FLEET | {"s1": satellite("s1", phase=DARK)}
    assert serving("a1 a2 b1 b2", state(candidate="b"), wanted=1, fleet=fleet) == "a1 b2"


def test_of_two_pods_of_a_revision_on_a_satellite_the_older_serves() -> None:
    pods = [pod("p1", "a", "s1", created_at=at(5)), pod("p2", "a", "s1", created_at=at(1))]
    assert active_pods(pods, state(), 0, FLEET, stable_suffices=True) == {"uid-p2"}


def test_pods_elsewhere_never_serve() -> None:
    pods = [pod("p1", "a", "ground"), pod("p2", "a", None)]
    assert active_pods(pods, state(), 0, FLEET, stable_suffices=False) == frozenset()


WORDS = st.lists(
    st.tuples(st.sampled_from(["", "-"]), st.sampled_from("abz"), st.sampled_from("1234")),
    unique_by=lambda word: word[1:],
).map(lambda words: " ".join("".join(word) for word in words))


@given(
    words=WORDS,
    wanted=st.integers(0, 4),
    suffices=st.booleans(),
    which=st.sampled_from(
        [
            state(),
            state(candidate="b"),
            state(None, "b"),
            state(gone="b"),
            state(None, gone="b"),
        ]
    ),
)
def test_one_a_satellite_serves_and_only_what_is_verified(
    *, words: str, wanted: int, suffices: bool, which: RolloutState
) -> None:
    found = serving(words, which, wanted=wanted, suffices=suffices).split()
    assert len({name[1] for name in found}) == len(found)
    assert set(found) <= set(words.split())
    assert (
        sum(name[0] == "b" for name in found) <= wanted
        or which.candidate is None
        or (which.stable is None)
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # In the stable revision's place the candidate serves, however few are wanted.
        (serving("a1 b2", state(candidate="b"), alone="s2"), "a1 b2"),
        (serving("a1 -b2", state(candidate="b"), alone="s2"), "a1"),
        (serving("a1 b2 b3", state(candidate="b"), wanted=1, alone="s3"), "a1 b2 b3"),
        (serving("a1 b2 b3", state(candidate="b"), wanted=1, alone="s3", active="b3"), "a1 b3"),
        # What was given up serves until it is its turn to give way.
        (serving("a1 b2", state(gone="b")), "a1"),
        (serving("a1 b2 b3", state(gone="b"), waiting="s3"), "a1 b3"),
        (serving("a1 o2", state(), suffices=True), "a1"),
        (serving("a1 o2", state(), suffices=True, waiting="s2"), "a1 o2"),
    ],
)
def test_where_revisions_take_each_others_place(found: str, expected: str) -> None:
    assert found == expected
