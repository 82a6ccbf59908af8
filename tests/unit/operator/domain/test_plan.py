"""The whole plan: who gets a track, in which order it is written, and when to look again."""

from dataclasses import replace

import pytest

from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import contact, model_body, satellite_spec
from paper_fleet.views import IMAGE, agent, at, hearing, node, satellite_view
from perigee_api import names
from perigee_api.base import Condition
from perigee_api.inference_model import ModelPhase
from perigee_api.satellite_node import SatelliteNodeStatus, SatellitePhase
from perigee_operator.domain.agents.agent import AgentSetView
from perigee_operator.domain.fleet import Settings, Snapshot
from perigee_operator.domain.kinds import SATELLITE_NODE
from perigee_operator.domain.plan import plan
from perigee_operator.domain.writes import Announce, Apply, RemoveLabels, SetTaints

SETTINGS = Settings(serve_image=IMAGE)
READY = Condition(type="Ready", status="True", reason="InContact", last_transition_time=at(-100))


def settled() -> PaperFleet:
    fleet = fleet_of(2)
    fleet.ask("m", model_body(replicas=1))
    fleet.pass_time(60)
    return fleet


def test_where_nothing_changes_nothing_is_planned() -> None:
    fleet = settled()
    assert fleet.plan().tracks == ()
    assert fleet.plan() == fleet.plan()


def test_a_verdict_is_written_before_what_follows_from_it() -> None:
    lost = satellite_view(heard_s=-900)
    snapshot = Snapshot(SETTINGS, hearing(-5000), (lost,))
    (first,) = plan(snapshot, at(0)).tracks
    status = first.writes[0]
    assert isinstance(status, Apply)
    assert status.subresource == "status"
    # The taint follows once the verdict stands.
    assert not [write for write in first.writes if isinstance(write, SetTaints)]
    recorded = SatelliteNodeStatus(phase=SatellitePhase.LOST, last_lost_time=at(0))
    (second,) = plan(replace(snapshot, satellites=(replace(lost, status=recorded),)), at(1)).tracks
    assert [write for write in second.writes if isinstance(write, SetTaints)]


def test_one_bad_resource_stops_nobody_else() -> None:
    fleet = settled()
    fleet.ask("bad", {"artifact": 5})
    fleet.amend_satellite("sat-2", orbit={"fixed": {"latitude": 99}})
    fleet.ask("good", model_body(replicas=1, artifact_number=2))
    found = {track.name for track in fleet.plan().tracks}
    assert found >= {"sat/sat-2", "imodel/default/bad", "imodel/default/good"}
    fleet.pass_time(60)
    assert fleet.model("good").phase is ModelPhase.HEALTHY


def test_a_satellite_that_makes_no_sense_keeps_its_node_as_it_is() -> None:
    fleet = settled()
    fleet.amend_satellite("sat-1", orbit={"fixed": {"latitude": 99}})
    (track,) = fleet.plan().tracks
    assert all(
        isinstance(write, Announce) or (isinstance(write, Apply) and write.subresource == "status")
        for write in track.writes
    )


def test_what_discovery_wrote_is_taken_back_when_somebody_knows_better() -> None:
    spec = satellite_spec(orbit={"unknown": {}, "fixed": {"latitude": 1, "longitude": 2}})
    snapshot = Snapshot(SETTINGS, hearing(-50), (satellite_view(spec=spec),))
    (track,) = plan(snapshot, at(0)).tracks
    last = track.writes[-1]
    assert isinstance(last, Apply)
    assert last.key.kind == SATELLITE_NODE
    assert last.body == {"metadata": {"uid": "uid-sat-1"}}


def test_labels_of_a_model_that_is_deleted_go() -> None:
    fleet = settled()
    (model,) = fleet.snapshot().models
    snapshot = replace(fleet.snapshot(), models=(replace(model, deleting=True),))
    tracks = plan(snapshot, fleet.now).tracks
    removals = [w for t in tracks for w in t.writes if isinstance(w, RemoveLabels)]
    assert removals
    assert all(names.REVISION_LABEL_DOMAIN in label for w in removals for label in w.labels)
    assert not [track for track in tracks if track.name.startswith("imodel")]


def test_no_agent_ends_while_nobody_hears_the_next() -> None:
    old, revisions = agent(revision="old"), {"old": 1, "new": 2}
    status = SatelliteNodeStatus(phase=SatellitePhase.IN_CONTACT, conditions=[READY])
    view = satellite_view(status=status, agent=old)
    known = AgentSetView("perigee", {}, revisions, {"sat-1": old})
    for observing_s, ends in ((None, False), (-500, True)):
        snapshot = Snapshot(SETTINGS, hearing(observing_s), (view,), agents=known)
        tracks = {track.name for track in plan(snapshot, at(1)).tracks}
        assert ("agent/sat-1" in tracks) is ends


def test_strays_are_discovered() -> None:
    stray = node("new", labels={names.SATELLITE_LABEL: "true"})
    (track,) = plan(Snapshot(SETTINGS, hearing(0), strays=(stray,)), at(0)).tracks
    assert track.name == "node/new"


@pytest.mark.parametrize(
    ("moment", "heard_s", "seconds"),
    [
        (0, 0, 5),
        (92, 92, 3),
        (96, 96, 4),
        (150, 95, 5),
        (999, 95, 1),
        (28, 0, 2),
    ],
)
def test_when_to_look_again(moment: float, heard_s: float, seconds: float) -> None:
    spec = satellite_spec(contacts=[contact(0, 100, every=1000)])
    view = satellite_view(spec=spec, heard_s=heard_s)
    assert plan(Snapshot(SETTINGS, hearing(-500), (view,)), at(moment)).next_look_s == seconds
