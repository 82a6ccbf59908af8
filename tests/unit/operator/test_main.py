"""How the command ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from kubernetes.aio.config import kube_config
from typer.testing import CliRunner

from perigee_operator import main
from perigee_operator.config import Config
from perigee_operator.domain.kinds import NODE
from perigee_operator.domain.writes import ObjectKey, RemoveLabels
from perigee_operator.storage.errors import ApiError, ApiUnreachableError
from perigee_operator.storage.faults import FaultPoint
from perigee_operator.storage.outcomes import Failure, TrackOutcome

EXIT_CONFIGURATION, EXIT_UNAVAILABLE = 64, 69
UNREACHABLE = ApiUnreachableError("10.96.0.1 does not answer")
FORBIDDEN = ApiError(403, "Forbidden", "nodes may not be listed")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "configure_logs", lambda *_: None)
    monkeypatch.setenv("PERIGEE_SERVE_IMAGE", "edge:1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PERIGEE_SERVE_IMAGE", ""),
        ("PERIGEE_MODE", "Guess"),
        ("PERIGEE_LOSS_BUDGET_PERCENT", "101"),
        ("PERIGEE_LOSS_BUDGET_PERCENT", "few"),
        ("PERIGEE_ROLLOUTS_AT_ONCE", "-1"),
        ("PERIGEE_HTTP_PORT", "0"),
        ("PERIGEE_LIVENESS_LIMIT_S", "0"),
        ("PERIGEE_LOG_LEVEL", "LOUD"),
        ("PERIGEE_LOG_FORMAT", "xml"),
        ("PERIGEE_WEBHOOKS", "[{"),
        ("PERIGEE_WEBHOOKS", '[{"name": "a", "url": "http://example.com"}]'),
        ("PERIGEE_WEBHOOK_SOURCE", "a b"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    result = CliRunner().invoke(main.app, ["run"])
    assert result.exit_code == EXIT_CONFIGURATION
    assert result.stderr.startswith(f"{name}: ")


def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERIGEE_SERVE_IMAGE")
    result = CliRunner().invoke(main.app, ["run"])
    assert result.exit_code == EXIT_CONFIGURATION
    assert "PERIGEE_SERVE_IMAGE: Field required" in result.stderr


def test_help_lists_every_setting() -> None:
    text = CliRunner().invoke(main.app, ["run", "--help"]).stdout
    for name in Config.model_fields:
        assert f"PERIGEE_{name.upper()}: " in text
    assert "Required." in text
    assert "Default: 25" in text


def test_settings_reach_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERIGEE_LOSS_BUDGET_PERCENT", "10")
    monkeypatch.setenv("PERIGEE_ROLLOUTS_AT_ONCE", "3")
    settings = Config().settings()
    assert (settings.serve_image, settings.loss_budget_percent) == ("edge:1", 10)
    assert settings.rollouts_at_once == 3


async def _raise(error: Exception) -> None:
    raise error


async def _in_a_task(error: Exception) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_raise(error))


async def _in_a_task_of_a_task(error: Exception) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_in_a_task(error))


@pytest.mark.parametrize("how", [_raise, _in_a_task, _in_a_task_of_a_task])
@pytest.mark.parametrize("error", [UNREACHABLE, FORBIDDEN])
def test_an_api_server_that_fails_ends_the_operator_with_one_line(
    how: Callable[[Exception], Any], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def operating(_: Config) -> AsyncIterator[None]:
        await how(error)
        yield

    monkeypatch.setattr(main, "operating", operating)
    result = CliRunner().invoke(main.app, ["run"])
    assert result.exit_code == EXIT_UNAVAILABLE
    assert result.stderr == f"perigee-operator: {error}\n"


@pytest.mark.parametrize("command", ["run", "leave"])
@pytest.mark.parametrize("text", ["", "contexts: [", "[1, 2]", "current-context: nowhere", "3"])
def test_a_kubeconfig_that_makes_no_sense_ends_the_operator_with_one_line(
    command: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "kubeconfig"
    broken.write_text(text)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(broken))
    # Where the configuration is read when the package is imported.
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(broken))
    result = CliRunner().invoke(main.app, [command])
    assert result.exit_code == EXIT_CONFIGURATION, result.exception
    assert result.stderr.startswith(f"perigee-operator: kubeconfig {broken} cannot be used: ")
    assert result.stderr.count("\n") == 1


def test_a_fault_point_that_makes_no_sense_ends_the_operator_with_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @asynccontextmanager
    async def operating(_: Config) -> AsyncIterator[None]:
        FaultPoint.from_environment({"PERIGEE_FAULT": "now"})
        yield

    monkeypatch.setattr(main, "operating", operating)
    result = CliRunner().invoke(main.app, ["run"])
    assert result.exit_code == EXIT_CONFIGURATION
    assert result.stderr == (
        "perigee-operator: PERIGEE_FAULT='now': expected before:N or after:N, N from 1\n"
    )


def test_a_fault_of_the_operator_s_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def operating(_: Config) -> AsyncIterator[None]:
        await _in_a_task(ZeroDivisionError("a bug"))
        yield

    monkeypatch.setattr(main, "operating", operating)
    result = CliRunner().invoke(main.app, ["run"])
    assert isinstance(result.exception, ExceptionGroup)
    assert result.exception.subgroup(ZeroDivisionError) is not None


REMOVAL = RemoveLabels(ObjectKey(NODE, "sat-2"), "u2", frozenset({"perigee.space/orbit"}))


@pytest.mark.parametrize(
    ("failure", "status"), [(None, 0), (Failure(REMOVAL, "409 Conflict", 409), 1)]
)
def test_leaving_tells_whether_all_nodes_were_left(
    failure: Failure | None, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def leave(*_: Any) -> list[TrackOutcome]:
        return [TrackOutcome("node/sat-1", 1), TrackOutcome("node/sat-2", 0, failure=failure)]

    monkeypatch.setattr(main, "KubernetesApi", asynccontextmanager(_nothing))
    monkeypatch.setattr(main, "leave_cluster", leave)
    assert CliRunner().invoke(main.app, ["leave"]).exit_code == status


async def _nothing() -> AsyncIterator[None]:
    yield
