"""Going back without the ground: a small process over the inference server of a Pod.

It owns the listening socket and hands it to a worker, which is `perigee-edge serve`. If the worker
crashes again and again, fails its golden set again or fails too many requests, the revision that
was confirmed before accepts from that same socket. Who connects between the two waits in the
socket's queue; no proxy carries bytes.

`policy` and `error_window` decide, `record` is what a restarted container knows of it, `supervisor`
does it with processes, and `reporting` tells the agent on the same satellite. Nothing here imports
more than the standard library: the process stays for as long as the Pod, beside what computes.
"""
