"""What a scenario asks of a fleet on paper again and again."""

from typing import Any

from paper_fleet.fleet import PaperFleet, fleet_of
from paper_fleet.intents import digest_of
from paper_fleet.promises import Promises
from perigee_api import names
from perigee_operator.domain import kinds


def watched(count: int, **spec: Any) -> PaperFleet:
    """A fleet whose promises are watched throughout."""
    fleet = fleet_of(count, **spec)
    fleet.observers.append(Promises(fleet).look)
    return fleet


def serving(fleet: PaperFleet) -> dict[str, str]:
    """Revisions by the satellite that they serve on."""
    return {
        pod["spec"]["nodeName"]: pod["metadata"]["labels"][names.REVISION_LABEL]
        for pod in fleet.pods()
        if names.ACTIVE_LABEL in pod["metadata"]["labels"]
    }


def hosts(fleet: PaperFleet, revision: str | None) -> set[str]:
    """Satellites that have a Pod of a revision."""
    return {
        pod["spec"]["nodeName"]
        for pod in fleet.pods()
        if pod["metadata"]["labels"][names.REVISION_LABEL] == revision
    }


def where(fleet: PaperFleet, label: str) -> set[str]:
    """Satellites on which Pods bear a label."""
    pods = fleet.pods()
    return {p["spec"]["nodeName"] for p in pods if label in p["metadata"]["labels"]}


def revision(fleet: PaperFleet, number: int) -> str:
    """The revision of an artifact, by the history."""
    for item in fleet.api.items(kinds.CONTROLLER_REVISION):
        if item["data"]["spec"]["artifact"]["sha256"] == digest_of(number):
            return str(item["metadata"]["labels"][names.REVISION_LABEL])
    raise AssertionError(f"no revision of artifact {number}")
