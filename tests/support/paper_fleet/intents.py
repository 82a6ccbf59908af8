"""What users ask for: specs of satellites and models, short to write in a test."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from perigee_api.inference_model import InferenceModelSpec
from perigee_api.satellite_node import SatelliteNodeSpec

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""When tests begin."""

SIZE = 1_000_000
"""Bytes of every artifact."""

EDGE_SITE = {"latitude": 48.1, "longitude": 11.6, "height": 520}


def digest_of(number: int) -> str:
    """The sha256 of an artifact; those of a test differ by their number."""
    return f"{number:064x}"


def artifact(number: int) -> dict[str, Any]:
    """The file with that digest."""
    sha256 = digest_of(number)
    return {"uri": f"http://depot/{number}", "sha256": sha256, "size": SIZE}


def contact(begins_s: float, ends_s: float, **more: Any) -> dict[str, Any]:
    """A contact, in seconds after `START`."""
    return {
        "start": (START + timedelta(seconds=begins_s)).isoformat(),
        "end": (START + timedelta(seconds=ends_s)).isoformat(),
        **more,
    }


def satellite_body(
    *,
    contacts: Iterable[dict[str, Any]] = (),
    heartbeat_s: float = 10,
    lost_after_s: float = 60,
    **more: Any,
) -> dict[str, Any]:
    """The spec of a SatelliteNode, an edge site unless its contacts are given."""
    planned = list(contacts)
    return {
        "orbit": {"contacts": planned} if planned else {"fixed": EDGE_SITE},
        "liveness": {"heartbeatInterval": heartbeat_s, "lostAfter": lost_after_s},
        **more,
    }


def model_body(
    *,
    artifact_number: int = 1,
    replicas: int | None = 2,
    steps: Iterable[dict[str, Any]] = (),
    placement: dict[str, Any] | None = None,
    rollout: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The spec of an InferenceModel; for every satellite where `replicas` is None."""
    where = {"everySatellite": True} if replicas is None else {"replicas": replicas}
    return {
        "artifact": artifact(artifact_number),
        "placement": where | (placement or {}),
        "rollout": {"steps": list(steps)} | (rollout or {}),
        **more,
    }


def satellite_spec(**asked: Any) -> SatelliteNodeSpec:
    """As `satellite_body`, parsed."""
    return SatelliteNodeSpec.model_validate(satellite_body(**asked))


def model_spec(**asked: Any) -> InferenceModelSpec:
    """As `model_body`, parsed."""
    return InferenceModelSpec.model_validate(model_body(**asked))
