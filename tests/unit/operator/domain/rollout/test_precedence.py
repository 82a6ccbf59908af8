from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import model_spec
from paper_fleet.views import IMAGE, at, model_view, revision_of, revision_view
from perigee_api.inference_model import (
    AbortedRollout,
    InferenceModelStatus,
    PinnedRevision,
    RolloutStatus,
)
from perigee_operator.domain.condition import Verdict
from perigee_operator.domain.fleet import ModelView
from perigee_operator.domain.rollout.precedence import dependencies_met

FIRST, SECOND, THIRD = (model_spec(artifact_number=number) for number in (1, 2, 3))
ONE, TWO, THREE = (revision_of(spec) for spec in (FIRST, SECOND, THIRD))
HISTORY = (revision_view(FIRST, 1), revision_view(SECOND, 2), revision_view(THIRD, 3))


def under_way(candidate: str) -> RolloutStatus:
    return RolloutStatus(candidate=candidate, started=at(0), step_started=at(0))


def dependent(*after: dict[str, str]) -> ModelView:
    return model_view(model_spec(rollout={"after": list(after)}))


def other(status: dict[str, Any] | None = None, **more: Any) -> ModelView:
    """The model ``tiles``, whose spec names its third revision."""
    given: dict[str, Any] = {"spec": THIRD, "revisions": HISTORY, **more}
    return model_view(name="tiles", status=InferenceModelStatus(**(status or {})), **given)


def judged(model: ModelView, *others: ModelView) -> Verdict | None:
    return dependencies_met(model, {each.key: each for each in (model, *others)}, IMAGE)


def test_a_model_that_names_nobody_waits_for_nobody() -> None:
    assert judged(model_view(), other()) is None


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"stable_revision": THREE}, None),
        ({"stable_revision": THREE, "previous_revision": TWO}, None),
        ({}, f"revision {THREE} of InferenceModel tiles is not begun yet"),
        ({"stable_revision": TWO}, f"revision {THREE} of InferenceModel tiles is not begun yet"),
        (
            {"stable_revision": TWO, "rollout": under_way(THREE)},
            f"revision {THREE} of InferenceModel tiles is under way",
        ),
        (
            {"stable_revision": THREE, "rollout": under_way(TWO)},
            f"revision {TWO} of InferenceModel tiles is under way",
        ),
        (
            {
                "stable_revision": TWO,
                "aborted": AbortedRollout(
                    revision=THREE, reason="GoldenSetFailed", message="", time=at(0)
                ),
            },
            f"revision {THREE} of InferenceModel tiles was given up (GoldenSetFailed)",
        ),
        (
            {
                "stable_revision": TWO,
                "pinned": PinnedRevision(revision=TWO, instead_of=THREE, by="alice", time=at(0)),
            },
            f"InferenceModel tiles stays with revision {TWO}, as alice asked",
        ),
    ],
)
def test_without_a_revision_it_is_what_the_other_s_spec_names(
    status: dict[str, Any], why: str | None
) -> None:
    found = judged(dependent({"model": "tiles"}), other(status))
    assert found is not None
    assert (found.holds, found.message) == (why is None, why or "")
    assert found.reason == ("Promoted" if why is None else "NotPromoted")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"stable_revision": TWO}, None),
        ({"stable_revision": THREE}, None),
        ({"stable_revision": TWO, "rollout": under_way(THREE)}, None),
        ({"stable_revision": TWO, "rollout": under_way("cccccccc")}, None),
        ({}, f"the stable revision of InferenceModel tiles is none, not {TWO} or a later one"),
        (
            {"stable_revision": ONE, "rollout": under_way(TWO)},
            f"the stable revision of InferenceModel tiles is {ONE}, not {TWO} or a later one",
        ),
        (
            {"stable_revision": THREE, "rollout": under_way(ONE)},
            f"InferenceModel tiles goes back to revision {ONE}",
        ),
        (
            {"stable_revision": "cccccccc"},
            f"the stable revision of InferenceModel tiles is cccccccc, not {TWO} or a later one",
        ),
    ],
)
def test_with_a_revision_it_is_that_one_or_a_later_one(
    status: dict[str, Any], why: str | None
) -> None:
    found = judged(dependent({"model": "tiles", "revision": TWO}), other(status))
    assert found is not None
    assert (found.holds, found.message) == (why is None, why or "")


def test_a_revision_that_nothing_is_known_of() -> None:
    after = dependent({"model": "tiles", "revision": "dddddddd"})
    found = judged(after, other({"stable_revision": THREE}))
    assert found is not None
    assert found.message == "InferenceModel tiles has no revision dddddddd in its history"


@pytest.mark.parametrize(
    ("others", "reason", "message"),
    [
        ([], "NotFound", "there is no InferenceModel tiles in namespace default"),
        (
            [other({"stable_revision": THREE}, namespace="elsewhere")],
            "NotFound",
            "there is no InferenceModel tiles in namespace default",
        ),
        (
            [other({"stable_revision": THREE}, deleting=True)],
            "NotPromoted",
            "InferenceModel tiles is being deleted",
        ),
        (
            [replace(other({"stable_revision": THREE}), spec=None, spec_error="artifact: missing")],
            "NotPromoted",
            "the spec of InferenceModel tiles is not valid",
        ),
    ],
)
def test_another_that_cannot_be_waited_for_is_told(
    others: list[ModelView], reason: str, message: str
) -> None:
    found = judged(dependent({"model": "tiles"}), *others)
    assert found == Verdict(holds=False, reason=reason, message=message)


def test_all_that_are_not_promoted_are_named() -> None:
    after = dependent({"model": "tiles"}, {"model": "clouds"})
    found = judged(after, other())
    assert found is not None
    assert found.reason == "NotFound"
    assert "of InferenceModel tiles is not begun yet; there is no InferenceModel clouds" in (
        found.message
    )


def chain(*after: tuple[str, str], begun: str = "") -> dict[str, ModelView]:
    """Models that have nothing stable yet, each after another; one of them is under way."""
    models = {}
    for name, first in after:
        rollout = under_way(ONE) if name == begun else None
        named = [{"model": first}] if first else []
        models[name] = model_view(
            model_spec(rollout={"after": named}),
            name=name,
            status=InferenceModelStatus(rollout=rollout),
        )
    return models


def reason(models: dict[str, ModelView], name: str) -> tuple[str, str]:
    found = judged(models[name], *models.values())
    assert found is not None
    return found.reason, found.message


def test_models_that_wait_for_each_other_are_told_so() -> None:
    models = chain(("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"))
    found, message = reason(models, "a")
    assert found == "Circle"
    assert message.startswith("a, which waits for b, which waits for c, which waits for a: take")
    assert reason(models, "c")[0] == "Circle"
    # It is not in the circle itself.
    assert reason(models, "d")[0] == "NotPromoted"
    assert reason(chain(("a", "a")), "a")[0] == "Circle"


def test_a_circle_in_which_one_is_under_way_opens_by_itself() -> None:
    models = chain(("a", "b"), ("b", "c"), ("c", "a"), begun="b")
    assert reason(models, "a")[0] == "NotPromoted"
    assert reason(models, "c")[0] == "NotPromoted"


NAMES = "abcdef"


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20),
    st.sets(st.sampled_from(NAMES)),
)
def test_in_any_net_somebody_may_begin_or_a_circle_is_told(
    edges: list[tuple[str, str]], promoted: set[str]
) -> None:
    models = {
        name: model_view(
            model_spec(
                rollout={
                    "after": [{"model": n} for n in sorted({b for a, b in edges if a == name})]
                }
            ),
            name=name,
        )
        for name in NAMES
    }
    models = {
        name: replace(
            model,
            status=InferenceModelStatus(stable_revision=ONE if name in promoted else None),
        )
        for name, model in models.items()
    }
    found = {n: judged(m, *models.values()) for n, m in models.items() if n not in promoted}
    may_begin = [n for n, verdict in found.items() if verdict is None or verdict.holds]
    circles = [n for n, v in found.items() if v is not None and v.reason == "Circle"]
    assert may_begin or circles or not found
