from dataclasses import replace
from typing import Any

import pytest

from paper_fleet.intents import model_spec
from paper_fleet.views import (
    at,
    model_view,
    node,
    pod,
    revision_of,
    revision_view,
    satellite,
    situation,
)
from perigee_api.inference_model import RolloutStatus, Swap
from perigee_operator.domain.fleet import PodView
from perigee_operator.domain.rollout.candidacy import alone_on
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.workloads.quantity import thousandths

MEMORY = {"requests": {"memory": "2Gi"}}
A = revision_of(model_spec(resources=MEMORY))
B = revision_of(model_spec(artifact_number=2, resources=MEMORY))
STATE = RolloutState(
    stable=A, rollout=RolloutStatus(candidate=B, started=at(0), step_started=at(0))
)


def tight(*pods: PodView, strategy: str = "Replace", memory: str = "3Gi", **more: Any) -> Situation:
    """Four satellites with so much memory, a Pod's taken where one is, and three copies wanted."""
    spec = model_spec(
        artifact_number=2, replicas=3, resources=MEMORY, rollout={"strategy": strategy}, **more
    )
    history = (
        revision_view(model_spec(resources=MEMORY), 1, promoted=True),
        revision_view(spec, 2),
    )
    taken = {each.node for each in pods}
    satellites = (
        satellite(
            name,
            node=node(name, allocatable={"memory": thousandths(memory)}, labels={}),
            claimed={"memory": thousandths("2Gi" if name in taken else "0")},
        )
        for name in "stuv"
    )
    return situation(model_view(spec, revisions=history, pods=pods), *satellites)


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ((pod("v", A, "v"), pod("t", B, "t"), pod("u", B, "u")), "t"),
        ((pod("v", A, "v"), pod("t", B, "t"), pod("u", B, "u", active=True)), "u"),
        ((pod("t", B, "t"), pod("u", B, "u"), pod("v", B, "v")), "tu"),
        ((pod("t", B, "t", verified=False),), ""),
        ((pod("t", A, "t"), pod("u", A, "u"), pod("v", B, "v")), ""),
    ],
)
def test_it_stands_in_for_copies_that_find_no_room_beside_it(
    pods: tuple[PodView, ...], expected: str
) -> None:
    pods = (pod("s", A, "s"), *pods)
    assert alone_on(tight(*pods), STATE, {}) == set(expected)
    assert alone_on(tight(*pods, strategy="Auto"), STATE, {}) == set(expected)


def test_where_both_have_room_the_share_alone_counts() -> None:
    pods = (pod("s", A, "s"), pod("t", B, "t"))
    assert not alone_on(tight(*pods, strategy="Auto", memory="4Gi"), STATE, {})
    assert not alone_on(tight(*pods, strategy="SideBySide"), STATE, {})


def test_what_it_has_taken_over_counts_among_what_it_stands_in_for() -> None:
    found = tight(pod("s", A, "s"), pod("t", B, "t"), pod("u", B, "u"))
    swapped = replace(found, swaps=(Swap(satellite="u", revision=B, began=at(0)),))
    assert alone_on(found, STATE, {}) == {"t", "u"}
    assert alone_on(swapped, STATE, {}) == {"t", "u"}
    one_more = tight(pod("s", A, "s"), pod("v", A, "v"), pod("t", B, "t"), pod("u", B, "u"))
    swapped = replace(one_more, swaps=(Swap(satellite="u", revision=B, began=at(0)),))
    assert alone_on(swapped, STATE, {}) == {"u"}


def test_copies_that_give_way_count_among_those_that_are_lacking() -> None:
    """Or what serves from before would end, and they are asked no more."""
    found = tight(pod("s", A, "s"), pod("t", A, "t"), pod("v", A, "v"))
    assert (found.lacking(A), found.suffices(A)) == (0, True)
    swaps = tuple(Swap(satellite=name, revision=B, began=at(0)) for name in "st")
    found = replace(found, swaps=swaps)
    assert (found.lacking(A), found.suffices(A)) == (2, False)
