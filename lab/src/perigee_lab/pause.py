"""The image that holds a pod's namespaces, made here since no registry is asked for anything."""

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path
from typing import Final

from perigee_lab import builds
from perigee_lab.progress import Report

IMAGE: Final = "localhost/perigee/pause:1"
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def archive(report: Report) -> Path:
    """The image as a docker-archive, built if it is not there yet."""
    directory = builds.built(builds.PAUSE, report)
    path = directory / "pause.tar"
    if not path.exists():
        new = path.with_suffix(".new")
        new.write_bytes(image(IMAGE, (directory / builds.PAUSE.program).read_bytes()))
        new.replace(path)
    return path


def image(name: str, program: bytes) -> bytes:
    """A docker-archive of an image with one static program and nothing else."""
    layer = _tar({"program": program}, mode=0o755)
    configuration = json.dumps(
        {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": {"Entrypoint": ["/program"], "User": "65535:65535"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_sha256(layer)}"]},
        }
    ).encode()
    file = f"{_sha256(configuration)}.json"
    manifest = json.dumps([{"Config": file, "RepoTags": [name], "Layers": ["layer.tar"]}])
    files = {file: configuration, "layer.tar": layer, "manifest.json": manifest.encode()}
    return _tar(files, mode=0o644)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _tar(files: dict[str, bytes], mode: int) -> bytes:
    # Neither time nor owner: the same program makes the same image.
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
