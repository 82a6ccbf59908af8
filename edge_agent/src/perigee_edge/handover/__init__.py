"""How a listening socket goes from one server on board to the next.

A model's address on its satellite is one socket in the kernel, which belongs to a systemd unit
from boot to shutdown. The keeper (`perigee_edge.standalone`) hands it, as an open file, to the one
server that is to accept from it, and has it given back before the next one gets it. Between the
two nobody accepts, and who connects meanwhile waits in the socket's queue: no address changes
hands, no request is lost, and no proxy carries bytes.
"""
