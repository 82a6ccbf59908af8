"""The resources that tests create."""

from datetime import UTC, datetime, timedelta
from typing import Any

from perigee_operator.domain.rollout.revision import digest

Json = dict[str, Any]

FIXED: Json = {"fixed": {"latitude": 48.1, "longitude": 11.6}}
QUICK: Json = {"heartbeatInterval": 1, "lostAfter": 3}
"""The smallest values that the API allows."""

OWN_NAME = "perigee-lab"
"""Whose kubeconfig it is: nobody may give another name."""

GOLDEN: Json = {"uri": "http://depot/golden", "sha256": "9" * 64, "size": 100}


def satellite_node(name: str, world: str, orbit: Json = FIXED, **spec: Any) -> Json:
    """A SatelliteNode."""
    return {
        "metadata": {"name": name, "labels": {"world": world}},
        "spec": {"orbit": orbit, "liveness": QUICK} | spec,
    }


def contact(starts_in_s: float, lasts_s: float) -> Json:
    """An orbit with one window of contact, seen from now."""
    start = datetime.now(UTC) + timedelta(seconds=starts_in_s)
    times = (start, start + timedelta(seconds=lasts_s))
    begin, end = (t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in times)
    return {"contacts": [{"start": begin, "end": end}]}


def artifact(letter: str) -> Json:
    """An artifact whose digest is that hexadecimal digit over and over."""
    return {"uri": f"http://depot/{letter}", "sha256": letter * 64, "size": 1000}


def revision(letter: str) -> str:
    """Name of the revision that a model with that artifact has."""
    return digest({"artifact": artifact(letter), "golden": GOLDEN})


def rollout_action(model_name: str, verb: str) -> Json:
    """A RolloutAction; each model may have one of a verb."""
    spec = {"model": model_name, "verb": verb, "by": OWN_NAME}
    return {"metadata": {"name": f"{model_name}-{verb.lower()}"}, "spec": spec}


def model(name: str, letter: str, placement: Json, rollout: Json | None = None) -> Json:
    """An InferenceModel."""
    return {
        "metadata": {"name": name},
        "spec": {
            "artifact": artifact(letter),
            "golden": GOLDEN,
            "placement": placement,
            "rollout": rollout or {},
        },
    }
