from paper_fleet.views import model_artifacts
from perigee_operator.domain.demands import demands
from perigee_operator.domain.rollout.model_decision import ModelDecision
from perigee_operator.domain.writes import Track

ONE, TWO, THREE, FOUR = model_artifacts(1, 2, 3, 4)


def test_what_is_sent_ahead_comes_after_all_that_any_model_needs() -> None:
    first = ModelDecision(Track("a", ()), artifacts={"s": (ONE,)}, ahead={"s": (TWO, FOUR)})
    second = ModelDecision(Track("b", ()), artifacts={"s": (THREE,)})
    found = demands([first, second])
    assert found.files("s") == ((ONE, THREE, TWO, FOUR), (TWO.sha256, FOUR.sha256))
    assert found.files("t") == ((), ())


def test_what_another_model_needs_is_not_ahead_of_its_turn() -> None:
    first = ModelDecision(Track("a", ()), ahead={"s": (ONE,), "t": (ONE,)})
    second = ModelDecision(Track("b", ()), artifacts={"s": (ONE,)}, ahead={"t": (ONE, TWO)})
    found = demands([first, second])
    assert found.files("s") == ((ONE,), ())
    assert found.files("t") == ((ONE, TWO), (ONE.sha256, TWO.sha256))
