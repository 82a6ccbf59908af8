from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from perigee_lab import caches


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PERIGEE_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/perigee"),
        ({}, "/c/.cache/perigee"),
    ],
)
def test_where_the_cache_is(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/c")
    assert caches.directory(environment) == Path(expected)


def test_only_one_holds_a_lock_at_a_time(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count(_: int) -> None:
        with caches.locked(tmp_path / "lock"):
            counter.write_text(str(int(counter.read_text()) + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(200)))
    assert counter.read_text() == "200"
