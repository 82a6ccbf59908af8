"""What a cache takes in, and what it does not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perigee_operator.storage.cache import MAX_TOMBSTONES, Cache, Change, Origin
from perigee_operator.storage.folded import Folded
from perigee_operator.storage.kept import identity_alone
from perigee_operator.storage.scope import Listing


def thing(version: int | str, *, uid: str = "u1", name: str = "a") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "d", "uid": uid, "resourceVersion": str(version)}
    return {"metadata": metadata}


def shown(cache: Cache) -> set[tuple[str, str, str]]:
    return {
        (m["name"], m["uid"], m["resourceVersion"])
        for m in (item["metadata"] for item in cache.values())
    }


def listing(version: int, *items: dict[str, Any]) -> Listing:
    return Listing(items, str(version))


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        (thing(5), thing(6), True),
        (thing(5), thing(5), False),
        (thing(6), thing(5), False),
        (thing(9), thing(10), True),
        (thing(5), thing(6, uid="u2"), True),
        (thing(6), thing(5, uid="u2"), False),
        (thing("x"), thing("y"), True),
        (thing("x"), thing("x"), False),
        (thing("5"), thing("y"), True),
    ],
)
def test_only_news_is_taken_in(
    first: dict[str, Any],
    second: dict[str, Any],
    taken: bool,  # noqa: FBT001
) -> None:
    cache = Cache()
    assert cache.upsert(first)
    assert cache.upsert(second) is taken
    assert cache.get("a", "d") == (second if taken else first)


def test_the_values_are_the_very_same_until_one_changes() -> None:
    cache = Cache()
    cache.upsert(thing(5))
    before = cache.values()
    cache.upsert(thing(5))
    cache.upsert(thing(4))
    assert cache.values() is before
    cache.upsert(thing(6))
    assert list(cache.values()) == [thing(6)]
    assert list(before) == [thing(5)]
    cache.remove(thing(7))
    assert not cache.values()


def test_a_late_answer_does_not_bring_back_what_was_deleted() -> None:
    cache = Cache()
    cache.upsert(thing(5))
    cache.remove(thing(7))
    assert not cache.upsert(thing(6), Origin.ANSWERED)
    assert len(cache) == 0


def test_what_left_the_selection_can_come_back() -> None:
    cache = Cache()
    cache.upsert(thing(5))
    cache.remove(thing(7))
    assert cache.upsert(thing(8))


def test_what_is_gone_for_good_stays_gone() -> None:
    cache = Cache()
    cache.upsert(thing(5))
    cache.forget(thing(5))
    assert not cache.upsert(thing(8), Origin.ANSWERED)
    assert cache.upsert(thing(9, uid="u2"))


def test_the_end_of_a_namesake_is_not_the_end_of_its_successor() -> None:
    cache = Cache()
    cache.upsert(thing(5))
    cache.upsert(thing(9, uid="u2"), Origin.ANSWERED)
    cache.remove(thing(8))
    assert shown(cache) == {("a", "u2", "9")}


def test_a_listing_shows_deletions_that_were_missed() -> None:
    changes: list[Change] = []
    cache = Cache(changes.append)
    cache.upsert(thing(5))
    cache.upsert(thing(6, uid="u2", name="b"))
    changes.clear()
    cache.replace(listing(9, thing(6, uid="u2", name="b")), cache.begin_listing())
    assert shown(cache) == {("b", "u2", "6")}
    assert changes == [Change(thing(5), Origin.LISTED, removed=True)]
    assert not cache.upsert(thing(8), Origin.ANSWERED), "deleted at 9 at the latest"


def test_what_is_learnt_during_a_listing_outlives_it() -> None:
    cache = Cache()
    cache.upsert(thing(5))
    cache.upsert(thing(5, uid="u2", name="b"))
    cache.upsert(thing(5, uid="u3", name="c"))
    begun = cache.begin_listing()
    cache.upsert(thing(8), Origin.ANSWERED)
    cache.forget(thing(5, uid="u2", name="b"))
    cache.upsert(thing(9, uid="u4", name="d"), Origin.ANSWERED)
    cache.replace(
        listing(
            7,
            thing(6),
            thing(5, uid="u2", name="b"),
            thing(6, uid="u3", name="c"),
        ),
        begun,
    )
    assert shown(cache) == {("a", "u1", "8"), ("c", "u3", "6"), ("d", "u4", "9")}


def test_a_listing_of_a_server_restored_from_a_backup_counts() -> None:
    cache = Cache()
    cache.upsert(thing(50))
    cache.upsert(thing(51, uid="u2", name="b"))
    cache.remove(thing(52, uid="u2", name="b"))
    cache.replace(listing(9, thing(5), thing(6, uid="u2", name="b")), cache.begin_listing())
    assert shown(cache) == {("a", "u1", "5"), ("b", "u2", "6")}


def test_a_listing_of_what_is_known_changes_nothing() -> None:
    changes: list[Change] = []
    cache = Cache(changes.append)
    cache.upsert(thing(5))
    changes.clear()
    cache.replace(listing(9, thing(5)), cache.begin_listing())
    assert changes == []


def test_deletions_are_remembered_up_to_a_bound() -> None:
    cache = Cache()
    for number in range(MAX_TOMBSTONES + 10):
        cache.remove(thing(number, uid=f"u{number}"))
    assert len(cache._tombstones) == MAX_TOMBSTONES


Told = st.lists(
    st.tuples(st.sampled_from(["ADDED", "DELETED"]), st.integers(0, 3)), min_size=1, max_size=30
)


@given(Told, st.randoms(use_true_random=False))
def test_answers_that_come_early_late_or_never_change_no_end(
    history: list[tuple[str, int]], random: Any
) -> None:
    """A watch tells a history in order; answers to the same writes come in at any time."""
    cache = Cache()
    truth: dict[int, dict[str, Any]] = {}
    lives = dict.fromkeys(range(4), 0)
    events = []
    for version, (kind, number) in enumerate(history, start=1):
        item = thing(version, uid=f"{number}.{lives[number]}", name=f"n{number}")
        if kind == "DELETED":
            if number not in truth:
                continue
            del truth[number]
            lives[number] += 1
        else:
            truth[number] = item
        events.append((kind, item))
    answers = [item for kind, item in events if kind == "ADDED"]
    for kind, item in events:
        if answers and random.random() < 0.5:
            cache.upsert(random.choice(answers), Origin.ANSWERED)
        (cache.remove if kind == "DELETED" else cache.upsert)(item)
    for answer in answers:
        cache.upsert(answer, Origin.ANSWERED)
    assert shown(cache) == shown_of(truth.values())


def shown_of(items: Any) -> set[tuple[str, str, str]]:
    cache = Cache()
    for item in items:
        cache.upsert(item)
    return shown(cache)


def test_of_who_wrote_which_field_those_hear_who_are_told_and_nothing_is_kept() -> None:
    told: list[Change] = []
    cache = Cache(told.append)
    item = thing(5)
    item["metadata"]["managedFields"] = [{"manager": "kubelet"}]
    cache.upsert(item)
    assert told[0].object is item
    assert cache.get("a", "d") == thing(5)


def test_objects_share_the_texts_that_they_have_in_common() -> None:
    cache = Cache()
    for name in "ab":
        given = {"metadata": {**thing(5)["metadata"], "name": name, "uid": name}}
        given["status"] = {"conditions": [{"reason": "KubeletReady"}]}
        cache.upsert(json.loads(json.dumps(given)))
    (first,), (second,) = (item["status"]["conditions"] for item in cache.values())
    assert first["reason"] is second["reason"]
    assert next(iter(first)) is next(iter(second))


def test_a_cache_that_keeps_identities_knows_what_is_news() -> None:
    cache = Cache(kept=identity_alone)
    renewed = thing(6) | {"spec": {"renewTime": "now"}}
    assert cache.upsert(thing(5) | {"spec": {}})
    assert cache.upsert(renewed)
    assert not cache.upsert(renewed)
    assert cache.get("a", "d") == thing(6)


def test_what_is_folded_is_found_unfolded() -> None:
    changes: list[Change] = []
    cache = Cache(changes.append, Folded)
    assert cache.upsert(thing(5))
    assert not cache.upsert(thing(4)), "it is older"
    assert cache.get("a", "d") == thing(5)
    assert [type(item) for item in cache.values()] == [Folded]
    cache.replace(listing(7), cache.begin_listing())
    assert cache.get("a", "d") is None
    assert changes[-1] == Change(thing(5), Origin.LISTED, removed=True)
