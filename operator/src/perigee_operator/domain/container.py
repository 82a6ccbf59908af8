"""The containers of a Pod, as its kubelet reports them."""

from dataclasses import dataclass

from perigee_api.termination import Termination


@dataclass(frozen=True, slots=True)
class EndView:
    """How a container ended."""

    reason: str
    """The kubelet's word for it; empty where there is none."""
    exit_status: int | None
    termination: Termination | None
    """What the server said when it gave up; None where the message is not its own."""


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container as the kubelet reports it."""

    ready: bool
    restarts: int
    waiting: str
    """Why it does not run, in the kubelet's word; empty where it does not wait."""
    waiting_message: str
    ended: EndView | None
    """The last end, if it has had one."""
