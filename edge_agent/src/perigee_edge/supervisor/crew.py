"""The workers: one that serves, one that may stand by, and those that leave."""

import selectors
import socket
from collections.abc import Callable, Iterator

from perigee_edge.standalone.log import log
from perigee_edge.supervisor.messages import Message, MessageError
from perigee_edge.supervisor.options import Options, Servable
from perigee_edge.supervisor.policy import Limits, hangs
from perigee_edge.supervisor.worker import Worker

Start = Callable[[Servable], Worker]


class Crew:
    """Who there is, and who accepts: the one that serves alone."""

    def __init__(self, options: Options, listener: socket.socket, start: Start) -> None:
        """Nobody is there yet.

        Args:
            options: How long to wait for whom.
            listener: What clients connect to.
            start: Starts a worker.
        """
        self.serving: Worker | None = None
        self.standby: Worker | None = None
        self.leaving: dict[Worker, float] = {}
        """With the time at which each is ended."""
        self.selector = selectors.DefaultSelector()
        self._options = options
        self._listener = listener
        self._start = start
        self._wanted: Servable | None = None
        """Who is to serve once nobody leaves any more: two loaded models take twice the memory."""
        self._answer_from_s = 0.0
        """From then on a worker that still loads answers clients with 503 itself."""

    @property
    def everybody(self) -> list[Worker]:
        """All of them."""
        present = (self.serving, self.standby, *self.leaving)
        return [worker for worker in present if worker is not None]

    def begin(self, served: Servable, now_s: float) -> None:
        """Have it served from now on, by a worker that tells clients itself that it loads."""
        self._wanted = served
        self._answer_from_s = now_s

    def replace(self, served: Servable, now_s: float) -> None:
        """Have it served instead of what served so far; clients wait meanwhile."""
        self._answer_from_s = now_s + self._options.hold_s
        if self.serving is not None:
            self.serving.leave()
            self.leaving[self.serving] = now_s + self._options.leave_s
            self.serving = None
        if self.standby is not None and self.standby.served == served:
            self.serving, self.standby = self.standby, None
        else:
            self._wanted = served

    def keep_standby(self, served: Servable) -> None:
        """Have it loaded, too."""
        self.standby = self._started(served)

    def end_standby(self) -> None:
        """Have it loaded no more."""
        if self.standby is not None:
            self.standby.kill()

    def work(self, now_s: float) -> None:
        """Start who is wanted, let in who may accept, end who does not leave."""
        for worker, until_s in self.leaving.items():
            if now_s >= until_s:
                worker.kill()
        if self._wanted is not None and self.serving is None and not self.leaving:
            self.serving = self._started(self._wanted)
            self._wanted = None
        serving = self.serving
        if serving is not None and (serving.ready or now_s >= self._answer_from_s):
            serving.accept(self._listener)

    def heard(self) -> Iterator[tuple[Worker, Message]]:
        """What they have said; one that talks nonsense is ended."""
        for worker in self.everybody:
            try:
                for message in worker.heard():
                    worker.silent_s = 0.0
                    yield worker, message
            except MessageError as error:
                worker.ended_for = f"since it talks nonsense: {error}"
                worker.kill()
            if worker.deaf:
                self._forget(worker)

    def end_hanging(self, passed_s: float, limits: Limits) -> None:
        """End each that hangs.

        Args:
            passed_s: How long this process has run since the last call.
            limits: What is too long.
        """
        for worker in self.everybody:
            worker.age_s += passed_s
            worker.silent_s += passed_s
            why = hangs(
                ready=worker.ready,
                silent_s=worker.silent_s,
                busy_s=worker.busy_s,
                loading_s=worker.age_s,
                limits=limits,
            )
            if why and not worker.ended_for:
                log("worker_hangs", "error", pid=worker.pid, message=why)
                worker.ended_for = why
                worker.kill()

    def bury(self) -> list[tuple[Worker, int, str]]:
        """Those that have ended since the last call, how, and as what each did."""
        found = []
        for worker in self.everybody:
            status = worker.ended()
            if status is None:
                continue
            role = self._role(worker)
            log(
                "worker_ended",
                pid=worker.pid,
                revision=worker.served.revision,
                role=role,
                status=status,
            )
            found.append((worker, status, role))
            self._remove(worker)
        return found

    def end_all(self) -> None:
        """End everybody at once, and wait for it."""
        for worker in self.everybody:
            worker.kill()
            self._remove(worker)

    def _role(self, worker: Worker) -> str:
        if worker is self.serving:
            return "serving"
        return "standby" if worker is self.standby else "leaving"

    def _started(self, served: Servable) -> Worker:
        worker = self._start(served)
        self.selector.register(worker.connection, selectors.EVENT_READ)
        log("worker_started", pid=worker.pid, revision=served.revision)
        return worker

    def _remove(self, worker: Worker) -> None:
        self._forget(worker)
        worker.finish()
        self.leaving.pop(worker, None)
        if worker is self.serving:
            self.serving = None
        if worker is self.standby:
            self.standby = None

    def _forget(self, worker: Worker) -> None:
        if worker.connection in {key.fileobj for key in self.selector.get_map().values()}:
            self.selector.unregister(worker.connection)
