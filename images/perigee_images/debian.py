"""A base made from Debian packages, for where no registry is in reach.

The release is the same whatever the host runs, so that images are, too. What is newest in it when
the base is made stays until the cache folder is removed.
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perigee_images.command import UserError, announce, run

SUITE: Final = "bookworm"

RUN_PACKAGES: Final = ("usr-is-merged", "python3-minimal", "libpython3-stdlib", "libstdc++6")
"""onnxruntime wants libstdc++. Without usr-is-merged comes usrmerge, and with it all of Perl."""

BUILD_PACKAGES: Final = (*RUN_PACKAGES, "python3-venv")

LEFT_OUT: Final = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
)
KEPT: Final = ("/usr/share/doc/*/copyright",)

MERGED_USR_HOOK: Final = "/usr/share/mmdebstrap/hooks/maybe-merged-usr"


@dataclass(frozen=True, slots=True)
class DebianBase:
    """A root file system of Debian packages."""

    name: str
    packages: tuple[str, ...]

    @property
    def options(self) -> list[str]:
        """How mmdebstrap is to make it."""
        return [
            "--quiet",
            "--variant=essential",
            f"--hook-dir={MERGED_USR_HOOK}",
            f"--include={','.join(self.packages)}",
            *(f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT),
            *(f"--dpkgopt=path-include={path}" for path in KEPT),
        ]

    @property
    def digest(self) -> str:
        """Tells one recipe from another."""
        recipe = json.dumps([SUITE, self.options])
        return hashlib.sha256(recipe.encode()).hexdigest()[:12]

    @property
    def image(self) -> str:
        """What it is called as an image."""
        return f"localhost/perigee/{self.name}:{self.digest}"

    def make(self, cache: Path) -> Path:
        """Makes the root file system; a tar file in the cache.

        Raises:
            UserError: mmdebstrap is missing, or ends with an error.
        """
        if shutil.which("mmdebstrap") is None:
            raise UserError(
                "No registry gives the images' base, and mmdebstrap, which makes one from Debian"
                " packages, is missing: install it, or name an image with Python 3.11 by BASE=IMAGE"
            )
        announce(f"{self.name}: Debian {SUITE} with {', '.join(self.packages)}")
        archive = cache / f"{self.name}-{self.digest}.tar"
        mirror = os.environ.get("PERIGEE_DEBIAN_MIRROR")
        run(["mmdebstrap", *self.options, SUITE, str(archive), *([mirror] if mirror else [])])
        return archive


BASE: Final = DebianBase("base", RUN_PACKAGES)
BUILD_BASE: Final = DebianBase("build-base", BUILD_PACKAGES)
