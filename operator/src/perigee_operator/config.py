"""The operator's configuration, from the environment."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from perigee_operator.domain.fleet import Settings
from perigee_operator.services.webhooks.receiver import Receivers
from perigee_operator.storage.mode import Mode


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """What is logged, and all that is graver."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Config(BaseSettings):
    """Each field is read from ``PERIGEE_<NAME>``.

    The API server is the Pod's own, or outside of a cluster what ``KUBECONFIG`` names.
    """

    model_config = SettingsConfigDict(env_prefix="PERIGEE_")

    mode: Mode = Field(default=Mode.ACT, description="Act or Observe, which writes nothing.")
    serve_image: str = Field(
        min_length=1,
        description="The image that models are served with, unless they name one.",
    )
    loss_budget_percent: float = Field(
        default=25,
        ge=0,
        le=100,
        description="Share of the fleet that may become Lost within an hour, %.",
    )
    rollouts_at_once: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Rollouts that may be under way in the fleet at once; 0: as many as there are.",
    )
    elements_stale_after_days: float = Field(
        default=14,
        gt=0,
        le=365,
        description="Age of orbital elements from which they are not trusted, days.",
    )
    webhooks: Annotated[Receivers, NoDecode] = Field(
        default=(),
        description="Who is told of all that is announced by Events: a JSON list of objects with "
        "name, url, reasons, types, allowHttp and caBundle; see docs/webhooks.md.",
    )
    webhook_source: str = Field(
        default="perigee",
        pattern=r"^[!-~]+$",
        max_length=256,
        description="Tells receivers of several clusters which one speaks.",
    )
    webhook_key_directory: Path = Field(
        default=Path("/etc/perigee/webhook-keys"),
        description="Where the keys are that webhooks are signed with, each in a file of its "
        "receiver's name.",
    )
    http_port: int = Field(default=8080, ge=1, le=65535, description="Of /metrics and /livez.")
    liveness_limit_s: float = Field(
        default=60,
        gt=0,
        description="Age of the last sweep or answered write from which the operator counts as "
        "stuck, s.",
    )
    log_format: LogFormat = Field(default=LogFormat.JSON, description="json or console.")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR.")

    def settings(self) -> Settings:
        """What of it the domain needs."""
        return Settings(
            serve_image=self.serve_image,
            loss_budget_percent=self.loss_budget_percent,
            rollouts_at_once=self.rollouts_at_once,
        )


def variables() -> tuple[str, ...]:
    """A line for each variable: its name, what it means, its default."""
    return tuple(
        f"PERIGEE_{name.upper()}: {field.description} "
        + ("Required." if field.is_required() else f"Default: {field.default}.")
        for name, field in Config.model_fields.items()
    )
