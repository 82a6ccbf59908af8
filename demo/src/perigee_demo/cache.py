"""Files that take long to make, kept outside the checkout by a hash of what they are made from."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path


def cache_directory() -> Path:
    """``PERIGEE_CACHE``, or else ``perigee`` in the user's cache directory."""
    if own := os.environ.get("PERIGEE_CACHE"):
        return Path(own)
    users = os.environ.get("XDG_CACHE_HOME")
    return (Path(users) if users else Path.home() / ".cache") / "perigee"


def cached(parent: Path, inputs: Iterable[bytes], make: Callable[[Path], None]) -> Path:
    """The directory that `make` fills, made once for the same inputs.

    Args:
        parent: where such directories are kept.
        inputs: everything that the result depends on.
        make: fills the empty directory that it is given. A directory appears under its final name
            only when `make` is through, so that a crash leaves nothing that looks complete.
    """
    digest = hashlib.sha256()
    for part in inputs:
        digest.update(hashlib.sha256(part).digest())
    final = parent / digest.hexdigest()
    if final.is_dir():
        return final
    parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=parent))
    try:
        make(unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        # Somebody else was faster; the content is the same.
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return final
