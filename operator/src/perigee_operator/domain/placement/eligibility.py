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


def terms(placement: Placement) -> tuple[bool, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """All that decides which Nodes a model may run on: equal terms, the same Nodes."""
    required = placement.accelerator is AcceleratorPolicy.REQUIRED
    labels = tuple(sorted(placement.node_selector.items()))
    return required, tuple(placement.architectures), labels


def matches(labels: Mapping[str, str], selector: Mapping[str, str]) -> bool:
    """Whether labels satisfy a selector by equality."""
    return selector.items() <= labels.items()


def is_eligible(satellite: Satellite, placement: Placement) -> bool:
    """Whether a satellite may get copies of a model, now or at its next pass."""
    return satellite.usable and objection(satellite.node, placement) is None


def eligible(satellites: Iterable[Satellite], placement: Placement) -> list[Satellite]:
    """The satellites that may get copies of a model, now or at their next pass, by name."""
    found = [satellite for satellite in satellites if satellite.usable]
    # Of most models there is nothing that a Node could lack.
    if any(terms(placement)):
        found = [satellite for satellite in found if objection(satellite.node, placement) is None]
    return sorted(found, key=attrgetter("name"))
