"""Which satellites a model may run on."""

from collections.abc import Iterable, Mapping
from operator import attrgetter

from perigee_api import names
from perigee_api.inference_model import AcceleratorPolicy, Placement
from perigee_operator.domain.fleet import NodeView
from perigee_operator.domain.satellite import Satellite


def objection(node: NodeView, placement: Placement) -> str | None:
    """Why a model may not run on a Node, or None if it may."""
    if placement.architectures and node.architecture not in placement.architectures:
        return f"architecture {node.architecture} is not asked for"
    required = placement.accelerator is AcceleratorPolicy.REQUIRED
    if required and names.ACCELERATOR_LABEL not in node.labels:
        return "it has no accelerator"
    if not matches(node.labels, placement.node_selector):
        return "its labels do not match the nodeSelector"
    return None


def _is_choosy(placement: Placement) -> bool:
    """Whether there is anything that a Node could lack: of most models there is not."""
    required = placement.accelerator is AcceleratorPolicy.REQUIRED
    return required or bool(placement.architectures or placement.node_selector)


def matches(labels: Mapping[str, str], selector: Mapping[str, str]) -> bool:
    """Whether labels satisfy a selector by equality."""
    return selector.items() <= labels.items()


def eligible(satellites: Iterable[Satellite], placement: Placement) -> list[Satellite]:
    """The satellites that may get copies of a model, now or at their next pass, by name."""
    found = [satellite for satellite in satellites if satellite.usable]
    if _is_choosy(placement):
        found = [satellite for satellite in found if objection(satellite.node, placement) is None]
    return sorted(found, key=attrgetter("name"))
