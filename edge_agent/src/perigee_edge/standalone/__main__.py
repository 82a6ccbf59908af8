"""`python -m perigee_edge.standalone INSTANCE`: the keeper of one address.

Run by the unit `perigee-standalone@INSTANCE.service`, with the sockets `serve` and `servers` passed
by its socket units. INSTANCE is `<namespace>.<model>`.
"""

import argparse
import asyncio
import fcntl
import os
import sys
from pathlib import Path

from perigee_api import names
from perigee_edge.handover.served import NotServedError, Served
from perigee_edge.standalone.activation import NotActivatedError, sockets
from perigee_edge.standalone.keeper import Keeper
from perigee_edge.standalone.log import log
from perigee_edge.standalone.records import Records

ADDRESS = "serve"
SERVERS = "servers"


def main() -> int:
    """Keep the address until told to end; the exit status."""
    parser = argparse.ArgumentParser("perigee_edge.standalone", description=__doc__)
    parser.add_argument("instance", help="<namespace>.<model>")
    parser.add_argument(
        "--directory", type=Path, default=Path(names.STANDALONE_DIRECTORY), help="What is kept."
    )
    told = parser.parse_args()
    try:
        passed = sockets(os.environ, os.getpid(), (ADDRESS, SERVERS))
        records = Records(told.directory / "records", told.instance)
    except (NotActivatedError, ValueError) as error:
        log("not_started", "error", message=str(error))
        return os.EX_USAGE
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    # While this lives, the agent leaves the copy of the image alone that this runs from.
    fcntl.flock(root, fcntl.LOCK_SH)
    current = told.directory / "current" / "root"
    keeper = Keeper(
        passed[ADDRESS],
        passed[SERVERS][0],
        records,
        _known(records),
        is_outdated=lambda: current.is_dir() and not current.samefile("/"),
    )
    log("keeper_started", instance=told.instance, pid=os.getpid())
    asyncio.run(keeper.run())
    log("keeper_stopped", instance=told.instance)
    return 0


def _known(records: Records) -> tuple[Served, ...]:
    try:
        return records.read()
    except (NotServedError, OSError) as error:
        log("records_unreadable", "error", message=str(error))
        return ()


if __name__ == "__main__":
    sys.exit(main())
