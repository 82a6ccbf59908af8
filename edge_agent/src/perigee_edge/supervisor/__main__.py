"""`python -m perigee_edge.supervisor OPTIONS`: as `perigee-edge serve OPTIONS`, with a way back.

OPTIONS are the server's. PERIGEE_SUPERVISOR_FALLBACK, a JSON list, has the options that serve the
revision before.
"""

import os
import socket
import sys
from collections.abc import Sequence
from typing import Final

from perigee_edge.standalone.log import log
from perigee_edge.supervisor.messages import Failed
from perigee_edge.supervisor.options import Options, OptionsError, read
from perigee_edge.supervisor.supervisor import Supervisor
from perigee_edge.supervisor.termination import write_termination
from perigee_edge.supervisor.worker import SERVE

BACKLOG: Final = 4096
"""As the workers': to listen again would change it."""

_INVALID: Final = 64


def main(arguments: Sequence[str]) -> int:
    """Supervise until told to end; the exit status."""
    try:
        options = read(arguments, os.environ)
    except OptionsError as error:
        # Better a server with no way back than none.
        log("not_supervised", "error", message=str(error))
        os.execv(SERVE[0], [*SERVE, *arguments])  # noqa: S606 - the server itself
    try:
        listener = _listener(options)
    except OSError as error:
        message = f"cannot listen on {options.host} port {options.port}: {error}"
        log("configuration_invalid", "error", message=message)
        write_termination(options.termination_log, Failed("ConfigurationInvalid", message))
        return _INVALID
    with listener:
        log(
            "listening",
            port=listener.getsockname()[1],
            pid=os.getpid(),
            revision=options.main.revision,
            fallback=options.fallback.revision,
        )
        status = Supervisor(options, listener).run()
    log("supervisor_ended", status=status)
    return status


def _listener(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    address = (options.host, options.port)
    return socket.create_server(address, family=family, backlog=BACKLOG)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
