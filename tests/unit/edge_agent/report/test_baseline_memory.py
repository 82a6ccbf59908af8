from pathlib import Path

from structlog.testing import capture_logs

from perigee_api.served import Counts
from perigee_edge.counted import CountedBlock
from perigee_edge.report.baseline_memory import MODELS, BaselineMemory

PERIOD_S = 5700


def block(revision: str, *, model: str = "default/m", sequence: int = 0) -> CountedBlock:
    return CountedBlock(
        model=model,
        pod=f"pod-{revision}",
        revision=revision,
        run="1",
        sequence=sequence,
        ended_s=0,
        lasted_s=480,
        counts=Counts(latency={40: 100}),
    )


def recalled(file: Path) -> BaselineMemory:
    memory = BaselineMemory(file)
    memory.recall()
    return memory


def test_what_served_before_outlives_a_reboot(tmp_path: Path) -> None:
    file = tmp_path / "baselines.json"
    assert recalled(file).beside(block("old"), 100, PERIOD_S) is None
    beside = recalled(file).beside(block("new"), 120, PERIOD_S)
    assert beside is not None
    assert (beside.revision, beside.counts) == ("old", Counts(latency={40: 100}))


def test_an_agent_that_is_started_anew_adds_nothing_twice(tmp_path: Path) -> None:
    file = tmp_path / "baselines.json"
    for _ in range(3):
        recalled(file).beside(block("old"), 100, PERIOD_S)
    beside = recalled(file).beside(block("new"), 100, PERIOD_S)
    assert beside is not None
    assert beside.counts.requests == 100


def test_of_many_models_the_last_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "baselines.json"
    memory = recalled(file)
    for number in range(MODELS + 1):
        memory.beside(block("old", model=f"default/m{number}"), 100, PERIOD_S)
    assert file.stat().st_size < 100_000
    memory = recalled(file)
    assert memory.beside(block("new", model="default/m0"), 100, PERIOD_S) is None
    last = block("new", model=f"default/m{MODELS}")
    assert memory.beside(last, 100, PERIOD_S) is not None


def test_a_damaged_file_is_told_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "baselines.json"
    file.write_text('{"default/m": [{"revision"')
    with capture_logs() as logs:
        memory = recalled(file)
    assert [line["event"] for line in logs] == ["baselines_unreadable"]
    memory.beside(block("old"), 100, PERIOD_S)
    assert recalled(file).beside(block("new"), 100, PERIOD_S) is not None


def test_a_disk_that_is_full_stops_nothing(tmp_path: Path) -> None:
    memory = BaselineMemory(tmp_path / "absent" / "baselines.json")
    with capture_logs() as logs:
        memory.beside(block("old"), 100, PERIOD_S)
        assert memory.beside(block("new"), 100, PERIOD_S) is not None
    assert {line["event"] for line in logs} == {"baselines_not_saved"}
