"""The agent and its Lease on a real API server."""

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from perigee_api.heartbeat import ArtifactState, AssignedArtifact, Assignment, Report
from perigee_api.names import ASSIGNMENT_ANNOTATION, FIELD_MANAGER, REPORT_ANNOTATION

Eventually = Callable[[Callable[[], bool]], None]
CONTENT = b"a model" * 100_000


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def artifact(tmp_path: Path) -> Iterator[AssignedArtifact]:
    """Served over HTTP for as long as the test lasts."""
    (tmp_path / "model.onnx").write_bytes(CONTENT)
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield AssignedArtifact(
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            uri=f"http://127.0.0.1:{server.server_port}/model.onnx",
            size=len(CONTENT),
        )
        server.shutdown()


def report(ground: Any) -> Report:
    return Report.model_validate_json(annotations(ground)[REPORT_ANNOTATION])


def annotations(ground: Any) -> dict[str, str]:
    found: dict[str, str] = ground.lease()["metadata"]["annotations"]
    return found


def assignment(*artifacts: AssignedArtifact, epoch: int) -> dict[str, str]:
    text = Assignment(epoch=epoch, heartbeat_interval_s=0.5, artifacts=artifacts)
    return {ASSIGNMENT_ANNOTATION: text.model_dump_json(by_alias=True)}


def test_an_agent_makes_its_lease_renews_it_and_makes_it_anew(
    ground: Any, tmp_path: Path, eventually: Eventually
) -> None:
    with ground.agent(tmp_path):
        eventually(lambda: ground.lease() is not None)
        first = ground.lease()
        assert first["spec"]["holderIdentity"] == first["metadata"]["name"]
        assert first["spec"]["leaseDurationSeconds"] == 2
        eventually(lambda: report(ground).sequence >= 2)
        assert ground.lease()["spec"]["renewTime"] > first["spec"]["renewTime"]
        ground.delete_lease()
        eventually(lambda: ground.lease() is not None)


def test_what_the_operator_applies_is_fetched_and_both_annotations_stay(
    ground: Any, artifact: AssignedArtifact, tmp_path: Path, eventually: Eventually
) -> None:
    with ground.agent(tmp_path):
        eventually(lambda: ground.lease() is not None)
        ground.annotate(assignment(artifact, epoch=9), FIELD_MANAGER)
        eventually(
            lambda: (
                artifact.sha256 in report(ground).artifacts
                and report(ground).artifacts[artifact.sha256].state is ArtifactState.VERIFIED
            )
        )
        assert report(ground).epoch == 9
        before = report(ground).sequence
        eventually(lambda: report(ground).sequence >= before + 2)
        assert set(annotations(ground)) == {ASSIGNMENT_ANNOTATION, REPORT_ANNOTATION}
        managers = {one["manager"] for one in ground.lease()["metadata"]["managedFields"]}
        assert managers == {FIELD_MANAGER, "perigee-edge"}
    assert (tmp_path / "artifacts" / artifact.sha256).read_bytes() == CONTENT


def test_an_assignment_that_was_there_before_the_agent_is_heard_at_its_first_heartbeat(
    ground: Any, artifact: AssignedArtifact, tmp_path: Path, eventually: Eventually
) -> None:
    ground.annotate(assignment(artifact, epoch=3), FIELD_MANAGER)
    with ground.agent(tmp_path):
        eventually((tmp_path / "artifacts" / artifact.sha256).exists)
        eventually(lambda: REPORT_ANNOTATION in annotations(ground) and report(ground).epoch == 3)
