"""The satellites of one look, found by what models ask for and by what they have of models."""

from collections.abc import Mapping

from perigee_api.inference_model import Placement
from perigee_operator.domain.placement.choice import queues
from perigee_operator.domain.placement.eligibility import eligible, terms
from perigee_operator.domain.placement.traces import Traces
from perigee_operator.domain.satellite import Satellite


class Directory:
    """Many models ask for the same, and each has left its traces on few.

    Args:
        satellites: by Node name.
        traces: theirs; None: they are looked for.
    """

    def __init__(self, satellites: Mapping[str, Satellite], traces: Traces | None = None) -> None:
        self.satellites = satellites
        self.traces = Traces(satellites.values()) if traces is None else traces
        self._eligible: dict[object, tuple[Satellite, ...]] = {}
        self._queues: dict[object, tuple[tuple[Satellite, ...], ...]] = {}

    def eligible(self, placement: Placement) -> tuple[Satellite, ...]:
        """The satellites that may get copies of a model, now or at their next pass, by name."""
        asked = terms(placement)
        found = self._eligible.get(asked)
        if found is None:
            found = self._eligible[asked] = tuple(eligible(self.satellites.values(), placement))
        return found

    def queues(self, placement: Placement) -> tuple[tuple[Satellite, ...], ...]:
        """They as they are picked for a model of which none has anything, group by group."""
        asked = (terms(placement), placement.spread_by)
        found = self._queues.get(asked)
        if found is None:
            found = queues(self.eligible(placement), placement.spread_by)
            self._queues[asked] = found
        return found
