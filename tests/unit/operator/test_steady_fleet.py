"""The fleet in which all is well, of which the benchmarks take their figures, is such a fleet."""

from paper_fleet.steady import SteadyFleet
from perigee_operator.domain.plan import plan


def test_a_fleet_settles_and_then_nothing_is_written_of_its_models() -> None:
    fleet = SteadyFleet(100, 2)
    fleet.settle()
    for _ in range(5):
        fleet.live(0.5)
        snapshot = fleet.photographer.snapshot()
        found = plan(snapshot, fleet.now, fleet.memory)
        assert found.tracks == plan(snapshot, fleet.now).tracks
        assert not any(track.name.startswith("imodel/") for track in found.tracks)
        fleet.perform(found.tracks)
