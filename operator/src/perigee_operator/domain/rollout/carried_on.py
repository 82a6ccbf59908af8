"""What a rollout's status keeps of an analysis that goes on from its step to the end."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from perigee_operator.domain.rollout.wave import Stage


class Kept(Protocol):
    """What the status keeps."""

    @property
    def step(self) -> int:
        """Index of the step that it belongs to."""

    @property
    def definition(self) -> str:
        """Digest of the terms by which it was begun."""


class Terms(Protocol):
    """By what is judged."""

    @property
    def digest(self) -> str:
        """Other terms have another one."""


K = TypeVar("K", bound=Kept)
T = TypeVar("T", bound=Terms)


def is_of(kept: Kept, index: int, terms: Terms) -> bool:
    """Whether it was begun by these terms, in this step."""
    return (kept.step, kept.definition) == (index, terms.digest)


def carried_on(  # noqa: PLR0913 - what it is made of
    kept: K | None,
    written: tuple[int, T] | None,
    stage: Stage,
    *,
    ready: bool,
    begun: Callable[[int, T], K],
    renewed: Callable[[K, T], K],
) -> K | None:
    """What is to be kept now.

    Args:
        kept: what is kept by now.
        written: the terms of the step under way, or of one before, with its index.
        stage: how far the rollout has come.
        ready: the candidate is verified in its wave: the step's own analysis may begin.
        begun: makes what is kept at first.
        renewed: takes in what was found meanwhile.
    """
    if written is None:
        # Without its policy nobody knows the steps: then nothing is ready, either.
        return None if ready else kept
    index, terms = written
    if kept is not None and is_of(kept, index, terms):
        return renewed(kept, terms)
    if ready and (kept is not None or index == stage.index):
        return begun(index, terms)
    return kept  # It was changed, and begins anew once the wave is verified.
