"""Since when observation holds."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from perigee_operator.storage.echo import MAX_AGE_S, Observation, micro_time

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def exchange(observation: Observation, sent_s: float, heard_s: float) -> None:
    observation.note_sent(str(sent_s), sent_s)
    observation.note_echo(str(sent_s), heard_s, at(heard_s))


def test_nothing_is_observed_before_the_first_echo() -> None:
    observation = Observation()
    assert observation.since(0) is None
    observation.note_sent("a", 0)
    assert observation.since(1) is None


def test_observation_holds_from_the_first_echo_on() -> None:
    observation = Observation()
    for second in range(0, 60, 3):
        exchange(observation, second, second + 0.5)
        assert observation.since(second + 0.5) == at(0.5)


def test_observation_ends_when_echoes_stay_away_and_begins_anew() -> None:
    observation = Observation()
    exchange(observation, 0, 1)
    assert observation.since(MAX_AGE_S) == at(1)
    assert observation.since(MAX_AGE_S + 0.1) is None
    exchange(observation, 20, 21)
    assert observation.since(21) == at(21)


def test_a_gap_that_nobody_looked_at_is_a_gap() -> None:
    observation = Observation()
    exchange(observation, 0, 1)
    exchange(observation, 100, 101)
    assert observation.since(101) == at(101)


def test_age_counts_from_when_an_echo_was_sent() -> None:
    observation = Observation()
    exchange(observation, 0, 14)
    assert observation.since(15) == at(14)
    assert observation.since(16) is None


def test_an_echo_that_comes_too_late_proves_nothing() -> None:
    observation = Observation()
    exchange(observation, 0, 20)
    assert observation.since(20) is None


def test_an_old_echo_after_a_new_one_takes_nothing_back() -> None:
    observation = Observation()
    observation.note_sent("a", 0)
    observation.note_sent("b", 3)
    observation.note_echo("b", 4, at(4))
    observation.note_echo("a", 5, at(5))
    assert observation.since(18) == at(4)


def test_what_was_never_sent_counts_for_nothing() -> None:
    observation = Observation()
    observation.note_echo("a", 0, at(0))
    assert observation.since(0) is None
    exchange(observation, 1, 2)
    observation.note_echo("1", 14, at(14))
    assert observation.since(17) is None, "the same echo twice"


def test_what_never_comes_back_does_not_pile_up() -> None:
    observation = Observation()
    for second in range(0, 3000, 3):
        observation.note_sent(str(second), second)
    assert len(observation._sent) <= MAX_AGE_S / 3 + 1


@given(
    st.lists(
        st.tuples(st.floats(0.1, 30), st.floats(0, 40), st.booleans()), min_size=1, max_size=40
    ),
    st.floats(0, 200),
)
@example([(1.0, 0.0, False), (1.0, 17.0, True), (2.0, 15.0, True)], 19.0)
def test_silence_within_a_stretch_of_observation_is_never_longer_than_an_echos_age(
    exchanges: list[tuple[float, float, bool]], looked_s: float
) -> None:
    """If observation is said to have held since T, echoes cover all from T on but the last age."""
    observation, sent_s = Observation(), 0.0
    heard: list[tuple[float, float]] = []
    for pause_s, delay_s, comes_back in exchanges:
        sent_s += pause_s
        if comes_back:
            heard.append((sent_s + delay_s, sent_s))
    timeline = sorted(heard)
    for heard_s, sent in timeline:
        if heard_s > looked_s:
            break
        observation.note_sent(str(sent), sent)
        observation.note_echo(str(sent), heard_s, at(heard_s))
    since = observation.since(looked_s)
    if since is not None:
        covered = [(h, s) for h, s in timeline if h <= looked_s and at(h) >= since]
        # Of several that come back in the same moment the last to be sent covers most.
        reach = max(sent for heard_s, sent in covered if heard_s == covered[0][0])
        for heard_s, sent in covered:
            assert heard_s - reach <= MAX_AGE_S
            reach = max(reach, sent)
        assert looked_s - reach <= MAX_AGE_S


def test_a_micro_time_is_utc_with_six_decimals() -> None:
    paris = datetime.fromisoformat("2026-03-01T13:00:00.25+01:00")
    assert micro_time(paris) == "2026-03-01T12:00:00.250000Z"
