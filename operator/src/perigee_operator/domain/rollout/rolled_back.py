"""What follows on the ground where a Pod has gone back on board.

Evidence against a candidate, which aborts its rollout; a stable revision is Degraded. The Pod
itself stays, and stays active: what answers in it is the revision that was confirmed there. Nobody
but a person sends the failed revision there again, by asking for Retry or by ending the Pod.
"""

from perigee_api.heartbeat import RolledBack
from perigee_api.termination import TerminationReason
from perigee_operator.domain.condition import MESSAGE_LIMIT, Verdict
from perigee_operator.domain.rollout.evidence import Evidence
from perigee_operator.domain.rollout.note import Note
from perigee_operator.domain.rollout.revision import Revision
from perigee_operator.domain.rollout.situation import Situation
from perigee_operator.domain.satellite import Satellite
from perigee_operator.domain.writes import EventType

ROLLED_BACK = "RolledBackOnBoard"
"""Reason of the evidence and of the Event, and type of the condition."""

_SHOWN = 5


def rolled_back_on_board(situation: Situation, revision: Revision) -> Evidence | None:
    """What Pods that have gone back say against a revision.

    A file that is gone or damaged on board is the satellite's fault, not the revision's.
    """
    for satellite, said in situation.gone_back(revision.name):
        if said.reason != TerminationReason.ARTIFACT_MISSING.value:
            return Evidence(ROLLED_BACK, _sentence(satellite, said))
    return None


def gone_back_nodes(situation: Situation, revision: str) -> frozenset[str]:
    """Nodes on which a Pod of a revision is ready, and something else answers in it."""
    return frozenset(satellite.node.name for satellite, _ in situation.gone_back(revision))


def rolled_back_verdict(situation: Situation, stable: str | None) -> Verdict | None:
    """The condition of a model whose stable revision was gone back from; None: it never was."""
    found = situation.gone_back(stable)
    if not found:
        known = any(c.type == ROLLED_BACK for c in situation.model.status.conditions)
        return Verdict(holds=False, reason="NoneHas") if known else None
    told = [_sentence(satellite, said) for satellite, said in found[:_SHOWN]]
    told += [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return Verdict(holds=True, reason=ROLLED_BACK, message="; ".join(told)[:MESSAGE_LIMIT])


def rolled_back_notes(situation: Situation, stable: str | None) -> tuple[Note, ...]:
    """What is announced where it has happened since the last look."""
    verdict = rolled_back_verdict(situation, stable)
    if verdict is None or not verdict.holds or stable is None:
        return ()
    known = {(c.type, c.status, c.message) for c in situation.model.status.conditions}
    if (ROLLED_BACK, verdict.status, verdict.message) in known:
        return ()
    return (Note(EventType.WARNING, ROLLED_BACK, "Serve", verdict.message, stable),)


def _sentence(satellite: Satellite, said: RolledBack) -> str:
    return (
        f"Revision {said.failed} on {satellite.name} went back to {said.revision} on board: "
        f"{said.reason}, {said.message}"
    )
