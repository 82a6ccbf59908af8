import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from perigee_lab import images, pause
from perigee_lab.errors import LabError


def archive(path: Path, files: dict[str, Any]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            text = json.dumps(content).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("debian", "docker.io/library/debian:latest"),
        ("library/debian:12", "docker.io/library/debian:12"),
        ("localhost/perigee/edge:dev", "localhost/perigee/edge:dev"),
        ("registry:5000/edge", "registry:5000/edge:latest"),
        ("example.org/a/b", "example.org/a/b:latest"),
    ],
)
def test_names_are_spelled_as_containerd_does(name: str, expected: str) -> None:
    assert images.normalised(name) == expected
    assert images.normalised(expected) == expected


def test_a_docker_archive_is_known_by_name_and_configuration(tmp_path: Path) -> None:
    entries = [
        {"Config": "abc.json", "RepoTags": ["localhost/a:1", "b"]},
        {"Config": "blobs/sha256/def", "RepoTags": None},
    ]
    found = images.in_archive(archive(tmp_path / "a.tar", {"manifest.json": entries}))
    assert [(image.name, image.source) for image in found] == [
        ("localhost/a:1", "sha256:abc"),
        ("docker.io/library/b:latest", "sha256:abc"),
    ]
    assert found[0].write(tmp_path / "unused") == tmp_path / "a.tar"


def test_an_oci_archive_is_known_by_name_and_manifest(tmp_path: Path) -> None:
    manifest = {
        "digest": "sha256:123",
        "annotations": {"org.opencontainers.image.ref.name": "localhost/a:1"},
    }
    path = archive(tmp_path / "a.tar", {"index.json": {"manifests": [manifest]}})
    assert [(each.name, each.source) for each in images.in_archive(path)] == [
        ("localhost/a:1", "sha256:123")
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"other": {}}, "neither a docker-archive nor an OCI archive"),
        ({"manifest.json": [{"Config": "a.json", "RepoTags": []}]}, "no image in .* has a name"),
        ({"index.json": {"manifests": [{"digest": "sha256:1"}]}}, "no image in .* has a name"),
    ],
)
def test_other_archives_are_refused(tmp_path: Path, files: dict[str, Any], message: str) -> None:
    with pytest.raises(LabError, match=message):
        images.in_archive(archive(tmp_path / "a.tar", files))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.tar"
    file.write_text("no archive")
    with pytest.raises(LabError, match="neither a docker-archive"):
        images.find(str(file))


def test_the_pause_image_is_the_same_each_time_and_names_itself(tmp_path: Path) -> None:
    content = pause.image("localhost/x:1", b"program")
    assert content == pause.image("localhost/x:1", b"program")
    assert content != pause.image("localhost/x:1", b"other")
    path = tmp_path / "x.tar"
    path.write_bytes(content)
    assert [image.name for image in images.in_archive(path)] == ["localhost/x:1"]
