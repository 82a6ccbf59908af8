"""What lets a satellite serve by itself: after a reboot without the ground no Pod is started.

An agent of K3s starts neither kubelet nor containerd before its server has answered, so that no
Pod, static ones included, runs on a satellite that reboots in the dark. Three things are kept on
board for it, beneath `/var/lib/perigee/standalone`:

* `roots/<digest>` (`roots`, made by `perigee-edge report`): a copy of the agent image's files, and
  `current`, a link to it, which systemd's units take for the root of their service;
* `records/<namespace>.<model>.json` (`records`, written by the keeper): which revision served
  last, and how it was run;
* `/var/lib/perigee/artifacts`: the files, pinned while a record names them.

`keeper` is the process that systemd's unit runs, one for each address: a small one without engine
and without web server, in normal times too. It hands the unit's listening socket to the model's
Pod while there is one that is verified and active, and otherwise to a `perigee-edge serve` that it
starts itself; where there is nothing good to serve it answers 503.

This was chosen over the other two ways. A proxy in front of the Pod would carry each byte twice,
for good, and be one more thing to get wrong. Two servers that bind the same path by turns (the
last `rename` wins) need nothing in between, but nobody owns the address when the one that has it
dies, and a request in its queue dies with it. An open file that is handed over (SCM_RIGHTS,
unix(7)) costs nothing while requests run, works into a Pod's namespaces, and the queue of the
socket holds whoever connects while nobody accepts.
"""
