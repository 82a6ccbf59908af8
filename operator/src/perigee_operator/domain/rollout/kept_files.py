"""Which artifacts each satellite keeps on board for a model."""

from collections.abc import Iterable, Mapping

from perigee_api.heartbeat import AssignedArtifact
from perigee_operator.domain.rollout.layout import RevisionLayout
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.rollout.rollout_state import RolloutState
from perigee_operator.domain.rollout.situation import Situation


def kept_files(
    situation: Situation, state: RolloutState, places: Mapping[str, RevisionLayout]
) -> dict[str, tuple[AssignedArtifact, ...]]:
    """What each satellite keeps: what it runs or is to run, and the way back if it has it."""
    found: dict[str, dict[str, AssignedArtifact]] = {}
    ranked = sorted(places.values(), key=lambda b: b.revision.name != state.candidate)
    for place in ranked:
        nodes = {s.node.name for s in place.satellites} | place.nodes
        for node in sorted(nodes):
            for artifact in place.revision.artifacts:
                found.setdefault(node, {})[artifact.sha256] = artifact
        _keep(found, situation, situation.fallback_of(place.revision), nodes)
    stable = situation.revisions.get(state.stable) if state.stable else None
    _keep(found, situation, stable, situation.boards.swaps)
    previous = situation.revisions.get(state.previous) if state.previous else None
    _keep(found, situation, previous, situation.bearers(state.previous))
    return {node: tuple(artifacts.values()) for node, artifacts in found.items()}


def _keep(
    found: dict[str, dict[str, AssignedArtifact]],
    situation: Situation,
    revision: Revision | None,
    nodes: Iterable[str],
) -> None:
    """A way back is kept where it is on board; nothing is sent up for it."""
    for artifact in revision.artifacts if revision else ():
        for node in sorted(nodes):
            satellite = situation.satellites.get(node)
            if satellite is not None and satellite.holds(artifact.sha256):
                found.setdefault(node, {}).setdefault(artifact.sha256, artifact)
