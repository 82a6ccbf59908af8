"""The command `perigee-edge`, before anything large is imported.

A server that has a way back runs beneath a supervisor, which stays in memory for as long as the
Pod: that process must not carry what only the command line needs.
"""

import os
import sys

from perigee_edge.supervisor.options import FALLBACK


def run() -> None:
    """Run what the command line asks for, and exit."""
    if sys.argv[1:2] == ["serve"] and os.environ.get(FALLBACK):
        from perigee_edge.supervisor.__main__ import main  # noqa: PLC0415 - only where it is needed

        sys.exit(main(sys.argv[2:]))
    from perigee_edge.main import app  # noqa: PLC0415 - large

    app()
