"""The init system of a satellite, as far as the lab plays it: systemd's unit files, read and done.

A lab's satellite has no systemd. `python -m perigee_lab.units`, run on it at boot, does what the
units say that somebody has installed there: a path that is waited for, sockets that are opened
beforehand, a service with a root of its own. It knows a small part of systemd's directives, and
refuses the rest rather than pass over it; which of those it knows it does not act on is said in
`directives`.
"""
