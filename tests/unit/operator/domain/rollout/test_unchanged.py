from paper_fleet.intents import model_spec
from paper_fleet.views import model_view, pod, revision_of, satellite
from perigee_api import names
from perigee_api.inference_model import InferenceModelStatus
from perigee_operator.domain.rollout.unchanged import labels_as_they_are

STABLE, CANDIDATE = revision_of(model_spec()), revision_of(model_spec(artifact_number=2))
BEFORE = revision_of(model_spec(artifact_number=3))


def label(revision: str, model: str = "m") -> str:
    return names.node_revision_label("default", model, revision)


def test_the_stable_revision_may_go_on_coming_and_others_stay_where_they_are() -> None:
    labels = {label(r): "true" for r in (STABLE, CANDIDATE, BEFORE)}
    labels |= {label(STABLE, "m-2"): "true", "plane": "a"}
    satellites = {name: satellite(name, labels=labels) for name in "st"}
    status = InferenceModelStatus(stable_revision=STABLE, candidate_revision=CANDIDATE)
    pods = (pod("c", CANDIDATE, "s"), pod("b", BEFORE, "s", deleting=True))
    found = labels_as_they_are(model_view(model_spec(), pods=pods, status=status), satellites)
    assert found == {
        "s": {label(STABLE), label(CANDIDATE), label(BEFORE)},
        "t": {label(STABLE)},
    }
