"""What the server asks of an engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from perigee_edge.serve.tensors import Tensors, TensorSpec


class ModelUnreadableError(Exception):
    """The engine cannot load the artifact; the message says what it found."""


class InputRefusedError(Exception):
    """The inputs conform to what the model declares and are still none that it can take."""


class InferenceFailedError(Exception):
    """The engine failed on inputs that should have worked."""


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


class Engine(Protocol):
    """Loads models."""

    def load(self, artifact: Path, options: EngineOptions) -> Session:
        """Read the artifact and make it ready to run.

        Raises:
            ModelUnreadableError: It is damaged, or of a kind that the engine does not know.
        """
        ...
