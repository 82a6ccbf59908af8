from pathlib import Path

import pytest

from perigee_demo.cache import cache_directory, cached


def fill(directory: Path) -> None:
    (directory / "file").write_text("content")


def refuse(_: Path) -> None:
    raise AssertionError("made again")


def test_is_made_once_for_the_same_inputs(tmp_path: Path) -> None:
    first = cached(tmp_path, [b"a", b"b"], fill)
    assert (first / "file").read_text() == "content"
    assert cached(tmp_path, [b"a", b"b"], refuse) == first


def test_other_inputs_are_made_elsewhere(tmp_path: Path) -> None:
    directories = {
        cached(tmp_path, inputs, fill) for inputs in ([b"a", b"b"], [b"ab"], [b"b", b"a"])
    }
    assert len(directories) == 3


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail(directory: Path) -> None:
        fill(directory)
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        cached(tmp_path, [b"a"], fail)
    assert list(tmp_path.iterdir()) == []


def test_somebody_who_was_faster_wins(tmp_path: Path) -> None:
    def race(directory: Path) -> None:
        fill(directory)
        others = cached(tmp_path, [b"a"], fill)
        (others / "mark").touch()

    assert (cached(tmp_path, [b"a"], race) / "mark").exists()
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PERIGEE_CACHE": "/a"}, Path("/a")),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/perigee")),
        ({"PERIGEE_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a")),
        ({"HOME": "/c"}, Path("/c/.cache/perigee")),
    ],
)
def test_where_the_cache_is(
    environment: dict[str, str], expected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PERIGEE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_directory() == expected
