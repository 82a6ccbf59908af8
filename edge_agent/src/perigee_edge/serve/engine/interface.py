"""What the server asks of an engine."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from perigee_edge.serve.tensors import Tensors, TensorSpec


class ModelUnreadableError(Exception):
    """The engine cannot load the artifact; the message says what it found."""


class InputRefusedError(Exception):
    """The inputs conform to what the model declares and are still none that it can take."""


class InferenceFailedError(Exception):
    """The engine failed on inputs that should have worked."""


class InterruptedRunError(Exception):
    """What was computed was not worth finishing."""


class Interruption:
    """Asks an engine, from another thread, to end what it computes."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None
        self._asked = False

    @property
    def asked(self) -> bool:
        """Whether somebody has."""
        return self._asked

    def ask(self) -> None:
        """End what is computed now, and whatever is begun with this later."""
        with self._lock:
            self._asked = True
            if self._end is not None:
                self._end()

    def ends(self, end: Callable[[], None]) -> None:
        """From the engine: what ends what it is about to compute. Called at once if it is late."""
        with self._lock:
            self._end = end
            if self._asked:
                end()


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What is the same for every engine."""

    threads: int
    keep_memory: bool
    """Hold on to working memory between runs: faster, and as large as the largest run."""


class Session(Protocol):
    """A loaded model."""

    @property
    def platform(self) -> str:
        """What computes which format, as the model's metadata says it."""
        ...

    @property
    def inputs(self) -> Sequence[TensorSpec]:
        """As the model declares them."""
        ...

    @property
    def outputs(self) -> Sequence[TensorSpec]:
        """As the model declares them."""
        ...

    def run(self, inputs: Tensors) -> Tensors:
        """Compute all outputs; called from one thread at a time, never the event loop's.

        Raises:
            InputRefusedError: The fault is the inputs'.
            InferenceFailedError: It is not.
        """
        ...


@runtime_checkable
class Interruptible(Protocol):
    """A session that can end what it computes; an engine need not be able to."""

    def run_unless(self, inputs: Tensors, interruption: Interruption) -> Tensors:
        """As `Session.run`, from any thread, beside other runs.

        Raises:
            InterruptedRunError: Somebody has asked for it.
            InputRefusedError: The fault is the inputs'.
            InferenceFailedError: It is not.
        """
        ...


class Engine(Protocol):
    """Loads models."""

    def load(self, artifact: Path, options: EngineOptions) -> Session:
        """Read the artifact and make it ready to run.

        Raises:
            ModelUnreadableError: It is damaged, or of a kind that the engine does not know.
        """
        ...
