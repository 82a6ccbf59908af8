"""The command `images/build`."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perigee_images import cache as caches
from perigee_images import debian, pip_settings
from perigee_images.command import UserError, announce
from perigee_images.engine import Build, Engine, choose
from perigee_images.part import PARTS, Part, default_base, tag

CHECKOUT: Final = Path(__file__).resolve().parents[2]

DESCRIPTION: Final = """\
Builds the images of the parts named, or of all, unless the cache has them, and prints as JSON
{PART: {"repository", "tag", "image", "archive"}}. The tag is a hash of all that goes in.

environment:
  PERIGEE_ENGINE         docker, podman or buildah; otherwise the first of them that works
  BASE, BUILD_BASE       images to build on and in; otherwise docker and podman take the public ones
                         that the Dockerfiles name, and where these cannot be had, and with buildah,
                         the base is made from Debian packages
  PERIGEE_DEBIAN_MIRROR  where these come from, if not from mmdebstrap's default
  PERIGEE_CACHE          otherwise $XDG_CACHE_HOME/perigee or ~/.cache/perigee
"""


@dataclass(frozen=True, slots=True)
class Bases:
    """What images are built on and in."""

    identity: str
    arguments: dict[str, str]
    made: tuple[debian.DebianBase, ...] = ()


def choose_bases(part: Part, engine: Engine) -> Bases:
    """What the part is built on: what the user says, what a registry has, or Debian's packages."""
    if base := os.environ.get("BASE"):
        build_base = os.environ.get("BUILD_BASE") or base
        return Bases(f"{base} {build_base}", {"BASE": base, "BUILD_BASE": build_base})
    public = default_base(part, CHECKOUT)
    if engine.pulls and (engine.has(public) or engine.pull(public)):
        return Bases(public, {})
    base_image, build_image = debian.BASE, debian.BUILD_BASE
    return Bases(
        f"{base_image.digest} {build_image.digest}",
        {"BASE": base_image.image, "BUILD_BASE": build_image.image},
        (base_image, build_image),
    )


def build(part: Part, engine: Engine, bases: Bases, image: str, archive: Path) -> None:
    """Builds a part's image and writes its archive."""
    cache = archive.parent.parent
    for base in bases.made:
        if not engine.has(base.image):
            root = base.make(cache)
            engine.take(root, base.image)
            root.unlink()
    announce(f"{image}, with {engine.name}")
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder) / "pip.conf"
        ca = pip_settings.host_ca()
        conf.write_text(pip_settings.pip_conf(pip_settings.host_settings(), with_ca=ca is not None))
        secrets = {"pip.conf": conf} | ({} if ca is None else {"ca.crt": ca})
        arguments = {**bases.arguments, "VERSION": image.rpartition(":")[2]}
        engine.build(Build(CHECKOUT, part.dockerfile, image, arguments, secrets))
    partial = archive.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    engine.save(image, partial)
    partial.rename(archive)
    announce(f"{archive}, {archive.stat().st_size / 1e6:.0f} MB")


def see_to(part: Part, engine: Engine, cache: Path, *, names_only: bool) -> dict[str, str]:
    """A part's image, built unless the cache has it or only its name is asked for."""
    bases = choose_bases(part, engine)
    its_tag = tag(part, CHECKOUT, bases.identity)
    image = f"{part.repository}:{its_tag}"
    archive = cache / part.name / f"{its_tag}.tar"
    if not names_only:
        archive.parent.mkdir(exist_ok=True)
        if not archive.exists():
            build(part, engine, bases, image, archive)
        archive.touch()
        for old in caches.superseded(archive.parent):
            old.unlink()
            if engine.has(old_image := f"{part.repository}:{old.stem}"):
                engine.drop(old_image)
    return {
        "repository": part.repository,
        "tag": its_tag,
        "image": image,
        "archive": str(archive),
    }


def main(arguments: Sequence[str]) -> int:
    """Does what the arguments say; the exit status."""
    parser = argparse.ArgumentParser(
        prog="images/build",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--names-only", action="store_true", help="build nothing")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    cache = caches.directory()
    try:
        with caches.locked(cache):
            engine = choose(cache, os.environ.get("PERIGEE_ENGINE"))
            result = {
                name: see_to(PARTS[name], engine, cache, names_only=options.names_only)
                for name in options.parts or PARTS
            }
    except UserError as error:
        announce(str(error))
        return 1
    print(json.dumps(result, indent=2))  # noqa: T201 - the result
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
