import fcntl
import hashlib
import os
from pathlib import Path

import pytest

from perigee_edge.artifacts.held import Held
from perigee_edge.artifacts.store import ArtifactStore

CONTENT = b"a model" * 1000
NAME = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path / "artifacts")
    store.prepare()
    return store


def test_only_files_named_by_a_digest_are_artifacts(store: ArtifactStore) -> None:
    store.path(NAME).write_bytes(CONTENT)
    store.mark_wanted(NAME, 5)
    store.begin("b" * 64, '"v1"')
    store.append("b" * 64, b"abc")
    (store.directory / "notes.txt").write_text("not ours")
    (store.directory / ("C" * 64)).write_text("not ours")
    (store.directory / ("d" * 64)).symlink_to("/etc/passwd")
    (store.directory / ("e" * 64)).mkdir()
    complete, partial = store.held()
    assert complete == Held(NAME, len(CONTENT), 5, complete=True)
    assert (partial.sha256, partial.size_bytes, partial.complete) == ("b" * 64, 3, False)


def test_only_the_right_content_gets_the_name(store: ArtifactStore) -> None:
    store.begin(NAME, None)
    store.append(NAME, CONTENT[:-1])
    assert not store.admit(NAME)
    assert not store.path(NAME).exists()
    store.append(NAME, CONTENT[-1:])
    assert store.admit(NAME)
    assert store.path(NAME).read_bytes() == CONTENT


def test_a_flipped_bit_and_an_absent_file_are_noticed(store: ArtifactStore) -> None:
    store.path(NAME).write_bytes(CONTENT)
    assert store.is_intact(NAME)
    with store.path(NAME).open("r+b") as file:
        file.write(bytes([CONTENT[0] ^ 1]))
    assert not store.is_intact(NAME)
    store.path(NAME).unlink()
    assert not store.is_intact(NAME)


def test_starting_over_forgets_what_came_before(store: ArtifactStore) -> None:
    store.begin(NAME, '"v1"')
    store.append(NAME, b"old")
    store.begin(NAME, None)
    assert store.partial_bytes(NAME) == 0
    assert store.etag(NAME) is None


def test_what_is_not_there_can_be_removed_and_marked(store: ArtifactStore) -> None:
    store.remove(Held(NAME, 1, 0, complete=True))
    store.remove(Held(NAME, 1, 0, complete=False))
    store.mark_wanted(NAME, 5)
    assert store.held() == ()


def test_one_agent_at_a_time(store: ArtifactStore) -> None:
    first = store.lock()
    with pytest.raises(BlockingIOError):
        store.lock()
    os.close(first)
    second = store.lock()
    fcntl.flock(second, fcntl.LOCK_UN)
    os.close(second)
