"""A Node's taints, of which Perigee decides on some."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.domain.kinds import NODE
from perigee_operator.domain.writes import ObjectKey, SetTaints, Taint
from perigee_operator.storage.taints import changed_taints

LOST = {"key": "perigee.space/lost", "effect": "NoSchedule"}
KEPT_UP = {"key": "perigee.space/maintenance", "effect": "NoSchedule", "timeAdded": "then"}
UNREACHABLE = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": "t"}
MANAGED = frozenset({"perigee.space/lost", "perigee.space/maintenance"})


def wanting(*taints: Taint) -> SetTaints:
    return SetTaints(ObjectKey(NODE, "sat-1"), "u1", MANAGED, frozenset(taints))


LOST_TAINT = Taint("perigee.space/lost", "NoSchedule")
MAINTENANCE_TAINT = Taint("perigee.space/maintenance", "NoSchedule")


@pytest.mark.parametrize(
    ("current", "wanted", "changed"),
    [
        ([], [], None),
        ([], [LOST_TAINT], [LOST]),
        ([LOST], [LOST_TAINT], None),
        ([LOST], [], []),
        ([UNREACHABLE], [], None),
        ([UNREACHABLE, LOST], [], [UNREACHABLE]),
        ([LOST, UNREACHABLE], [LOST_TAINT], None),
        ([UNREACHABLE], [LOST_TAINT], [UNREACHABLE, LOST]),
        ([KEPT_UP, LOST], [MAINTENANCE_TAINT], [KEPT_UP]),
        ([KEPT_UP], [MAINTENANCE_TAINT], None),
        ([KEPT_UP], [MAINTENANCE_TAINT, LOST_TAINT], [KEPT_UP, LOST]),
        (
            [LOST],
            [Taint("perigee.space/lost", "NoSchedule", "x")],
            [{**LOST, "value": "x"}],
        ),
        (
            [LOST],
            [Taint("perigee.space/lost", "NoExecute")],
            [{**LOST, "effect": "NoExecute"}],
        ),
        ([{**LOST, "value": ""}], [LOST_TAINT], None),
    ],
)
def test_taints(
    current: list[dict[str, Any]], wanted: list[Taint], changed: list[dict[str, Any]] | None
) -> None:
    assert changed_taints(current, wanting(*wanted)) == changed


KEYS = st.sampled_from([*sorted(MANAGED), "a", "b"])
EFFECTS = st.sampled_from(["NoSchedule", "NoExecute"])
CURRENT = st.lists(
    st.builds(lambda key, effect: {"key": key, "effect": effect}, KEYS, EFFECTS),
    unique_by=lambda taint: (taint["key"], taint["effect"]),
)
WANTED = st.frozensets(st.builds(Taint, st.sampled_from(sorted(MANAGED)), EFFECTS))


@given(CURRENT, WANTED)
def test_what_is_not_perigees_stays_and_once_is_enough(
    current: list[dict[str, str]], wanted: frozenset[Taint]
) -> None:
    write = wanting(*wanted)
    changed = changed_taints(current, write)
    result = current if changed is None else changed
    assert [t for t in result if t["key"] not in MANAGED] == [
        t for t in current if t["key"] not in MANAGED
    ]
    assert {Taint(t["key"], t["effect"]) for t in result if t["key"] in MANAGED} == wanted
    assert changed_taints(result, write) is None
