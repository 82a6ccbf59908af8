"""Who accepts at an address: at most one at any time. Pure; the keeper does what is said here.

In order of preference: the Pod that claimed last, the keeper's own server (the *stand-in*), and,
where nothing good is known, the keeper itself, which answers 503. The socket goes from one to the
next only after it was given back.
"""

import math
from dataclasses import dataclass
from typing import Final

from perigee_edge.handover.messages import Why
from perigee_edge.handover.served import Served
from perigee_edge.standalone.records import with_newest, without

PATIENCE_S: Final = 10.0
"""How long a server that died is waited for: a kubelet starts its container again at once, and two
loaded models take twice the memory. Who connects meanwhile waits in the socket's queue."""

SUCCESSOR_S: Final = 60.0
"""A server that ended in order and has no successor by then was moved away by the ground."""

LOADED_WITHIN_S: Final = 120.0
LONGEST_BACKOFF_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Remember:
    """Write these records."""

    known: tuple[Served, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """Give the socket to this server."""

    server: int


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Ask this server for the socket."""

    server: int


@dataclass(frozen=True, slots=True)
class Start:
    """Start the stand-in."""

    served: Served


@dataclass(frozen=True, slots=True)
class Stop:
    """End the stand-in."""

    at_once: bool = False
    """It hangs. Otherwise it finishes what it has begun."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Begin, or cease, to answer 503."""

    on: bool


Action = Remember | Grant | TakeBack | Start | Stop | Answer


@dataclass(slots=True)
class _StandIn:
    revision: str
    deadline_s: float
    claim: int | None = None
    stopping: bool = False


class Arbiter:
    """Hears what happens and says what to do, one thing at a time. Times are of one clock, in s."""

    def __init__(self, known: tuple[Served, ...]) -> None:
        self.known = known
        self.holder: int | None = None
        """The server that has the socket."""
        self.answering = False
        self._asked_back = False
        self._claims: dict[int, Served] = {}
        self._stand_in: _StandIn | None = None
        self._unfit: set[str] = set()
        self._crashes = 0
        self._start_from_s = -math.inf
        self._answer_from_s = -math.inf
        self._forget_at_s = math.inf

    @property
    def replaceable(self) -> bool:
        """Whether the keeper may be started anew: a Pod serves, and nothing of its own runs."""
        return self._stand_in is None and self.holder in self._claims

    def claimed(self, server: int, served: Served) -> None:
        """A Pod's server is verified and active."""
        self._claims.pop(server, None)
        self._claims[server] = served
        self._unfit.clear()
        self._crashes = 0
        self._start_from_s = -math.inf
        self._forget_at_s = math.inf

    def stand_in_claimed(self, server: int) -> None:
        """The stand-in is verified."""
        if self._stand_in is not None:
            self._stand_in.claim = server

    def released(self, server: int) -> None:
        """A server has given the socket back."""
        if server == self.holder:
            self.holder = None
            self._asked_back = False

    def withdrawn(self, server: int, why: Why, now_s: float) -> Remember | None:
        """A server wants the socket no more; what must be written at once."""
        served = self._claims.get(server)
        self._leave(server, now_s)
        if served is None:
            return None
        if not self._claims:
            self._start_from_s = math.inf
            self._forget_at_s = now_s + SUCCESSOR_S
        if why is Why.INACTIVE:
            self.known = without(self.known, served.revision)
            return Remember(self.known)
        return None

    def gone(self, server: int, now_s: float) -> None:
        """A server's connection has ended without a word: it died."""
        if server in self._claims:
            self._start_from_s = now_s + PATIENCE_S
        self._leave(server, now_s)

    def stand_in_ended(self, *, unfit: bool, now_s: float) -> None:
        """The stand-in's process has ended.

        Args:
            unfit: Its exit status says that the revision can never serve.
            now_s: The time.
        """
        ended, self._stand_in = self._stand_in, None
        if ended is None:
            return
        if ended.claim is not None:
            self._leave(ended.claim, now_s)
        if unfit:
            self._unfit.add(ended.revision)
        elif not ended.stopping:
            self._crashes += 1
            self._start_from_s = now_s + min(LONGEST_BACKOFF_S, 2.0**self._crashes)

    def next_action(self, now_s: float) -> Action | None:
        """What to do now; asked again until there is nothing."""
        return (
            self._next_record(now_s)
            or self._next_of_stand_in(now_s)
            or self._next_of_keeper(now_s)
            or self._next_of_socket()
        )

    def due_s(self) -> float:
        """When to ask again if nothing happens until then."""
        times = [self._forget_at_s]
        if not self._claims and self._stand_in is None:
            times += [self._answer_from_s] if not self.answering else []
            times += [self._start_from_s] if self._candidate else []
        if self._stand_in is not None and self._stand_in.claim is None:
            times += [] if self._stand_in.stopping else [self._stand_in.deadline_s]
        return min(times)

    @property
    def _candidate(self) -> Served | None:
        return next((one for one in self.known if one.revision not in self._unfit), None)

    @property
    def _wanted(self) -> int | None:
        if self._claims:
            return next(reversed(self._claims))
        stand_in = self._stand_in
        return None if stand_in is None or stand_in.stopping else stand_in.claim

    def _leave(self, server: int, now_s: float) -> None:
        self._claims.pop(server, None)
        if self._stand_in is not None and self._stand_in.claim == server:
            self._stand_in.claim = None
        if server == self.holder:
            self._answer_from_s = now_s + PATIENCE_S
        self.released(server)

    def _next_record(self, now_s: float) -> Action | None:
        if now_s >= self._forget_at_s:
            self._forget_at_s = math.inf
            self.known = ()
            return Remember(())
        if self._claims:
            newest = self._claims[next(reversed(self._claims))]
            if self.known[:1] != (newest,):
                self.known = with_newest(self.known, newest)
                return Remember(self.known)
        return None

    def _next_of_stand_in(self, now_s: float) -> Action | None:
        stand_in, candidate = self._stand_in, self._candidate
        if stand_in is None:
            if self._claims or candidate is None or now_s < self._start_from_s:
                return None
            self._stand_in = _StandIn(candidate.revision, now_s + LOADED_WITHIN_S)
            return Start(candidate)
        late = stand_in.claim is None and now_s >= stand_in.deadline_s
        unwanted = bool(self._claims) or stand_in.revision not in {
            one.revision for one in self.known
        }
        if stand_in.stopping or not (late or unwanted) or self._must_keep(stand_in):
            return None
        stand_in.stopping = not late
        # One that is late may hang: its deadline moves, so that it is not ended again at once.
        stand_in.deadline_s = now_s + LOADED_WITHIN_S
        return Stop(at_once=late)

    def _must_keep(self, stand_in: _StandIn) -> bool:
        """While it has the socket it is asked for it first."""
        return self.holder is not None and stand_in.claim == self.holder and bool(self._claims)

    def _next_of_keeper(self, now_s: float) -> Action | None:
        idle = self._wanted is None and self.holder is None and self._stand_in is None
        wanted = idle and now_s >= self._answer_from_s
        if wanted == self.answering:
            return None
        self.answering = wanted
        return Answer(on=wanted)

    def _next_of_socket(self) -> Action | None:
        wanted = self._wanted
        if self.holder is None:
            if wanted is None:
                return None
            self.holder = wanted
            return Grant(wanted)
        if self.holder != wanted and not self._asked_back:
            self._asked_back = True
            return TakeBack(self.holder)
        return None
