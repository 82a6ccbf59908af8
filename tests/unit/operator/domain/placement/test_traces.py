from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from paper_fleet.intents import digest_of
from paper_fleet.views import node, satellite
from perigee_api import names
from perigee_operator.domain.placement.traces import Traces, marks
from perigee_operator.domain.satellite import Satellite

LABELS = {
    names.node_revision_label("default", "m", "aaaaaaaa"): "true",
    "kubernetes.io/arch": "arm64",
}
LABEL, OTHER = LABELS

SATELLITES = st.builds(
    lambda on, labels, holds, assigned, ahead: satellite(
        node=node(on, labels={key: LABELS[key] for key in labels}),
        holds=holds,
        assigned=assigned,
        ahead=frozenset(map(digest_of, ahead)),
    ),
    st.sampled_from("xy"),
    st.sets(st.sampled_from([LABEL, OTHER])),
    *3 * [st.sets(st.integers(1, 3))],
)
LOOKS = st.lists(st.dictionaries(st.sampled_from("abc"), SATELLITES), max_size=5)


def test_marks_are_labels_of_revisions_and_digests_of_files() -> None:
    found = satellite(holds=[1], assigned=[2], ahead=frozenset({digest_of(3)}), labels=LABELS)
    assert marks(found) == {LABEL, digest_of(1), digest_of(2), digest_of(3)}


def test_nodes_by_any_of_the_marks() -> None:
    found = Traces([satellite("a", holds=[1]), satellite("b", assigned=[2]), satellite("c")])
    assert found.nodes([digest_of(1), digest_of(2), digest_of(3)]) == {"a", "b"}
    assert found.nodes([]) == set()


@given(LOOKS)
def test_they_are_those_of_the_satellites_as_they_are(
    looks: list[Mapping[str, Satellite]],
) -> None:
    found, before = Traces(), dict[str, Satellite]()
    for each in looks:
        look = {name: _named(name, known) for name, known in each.items()}
        for name in before.keys() | look.keys():
            found.note(before.get(name), look.get(name))
        before = look
        for mark in (LABEL, OTHER, *map(digest_of, (1, 2, 3))):
            bearing = {s.node.name for s in look.values() if mark in marks(s)}
            assert found.nodes([mark]) == bearing


def _named(name: str, known: Satellite) -> Satellite:
    return satellite(
        name,
        node=known.node,
        artifacts=known.artifacts,
        assigned=(),
        ahead=known.ahead | known.assigned,
    )
