"""What `serve` is told when it starts."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from perigee_api.golden import GoldenMetric
from perigee_api.heartbeat import Sha256
from perigee_edge.serve.batching import BatchingOptions
from perigee_edge.serve.counting import BLOCK_S
from perigee_edge.serve.engine.interface import EngineOptions

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$", max_length=253)]
"""Of a model or revision: stands in URLs, metrics and logs as it is."""


class GoldenSettings(BaseModel):
    """The golden set, and when it is passed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: Sha256
    metric: GoldenMetric
    threshold: float = Field(ge=0, allow_inf_nan=False)


class ModelSettings(BaseModel):
    """The model, and how it is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    revision: Name
    artifact: Sha256
    golden: GoldenSettings | None
    artifact_directory: Path
    engine: str
    threads: int = Field(ge=1, le=256)
    keep_memory: bool
    max_batch_size: int = Field(ge=1, le=1024)
    max_batch_delay_ms: float = Field(ge=0, le=10_000)
    max_waiting: int = Field(ge=1, le=100_000)
    golden_every_s: float = Field(default=0, ge=0, allow_inf_nan=False)
    """How long after the golden set has passed it is run again; 0: never."""

    @property
    def engine_options(self) -> EngineOptions:
        """For the engine."""
        return EngineOptions(threads=self.threads, keep_memory=self.keep_memory)

    @property
    def batching_options(self) -> BatchingOptions:
        """For the batcher."""
        return BatchingOptions(
            max_size=self.max_batch_size,
            max_delay_s=self.max_batch_delay_ms / 1000,
            max_waiting=self.max_waiting,
        )


class RequestLimits(BaseModel):
    """What is refused, so that no client can take the memory or the time of others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_body_bytes: int = Field(ge=1)
    """Of one body, before and after decompression."""
    max_json_bytes: int = Field(ge=1)
    """Of the JSON in it, which takes up to thirty times as much memory."""
    max_bodies_bytes: int = Field(ge=1)
    """Of all bodies that are being received, waiting or computed."""
    body_timeout_s: float = Field(gt=0, le=3600)
    """How long a client may send nothing in the middle of a body."""
    refuse_non_finite: bool
    """Whether NaN and infinities in an input are errors."""


class ServerSettings(BaseModel):
    """Where to listen, and how to end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int = Field(ge=0, le=65535)
    """0: any free one; the log says which."""
    drain_s: float = Field(ge=0, le=3600)
    """How long requests are still taken after SIGTERM."""
    finish_s: float = Field(ge=0, le=3600)
    """How long those under way may then take."""
    termination_log: Path
    handover: Path | None = None
    """Where the keeper of the model's address on this satellite listens."""
    handover_fd: int | None = Field(default=None, ge=3)
    """Number of a connection to it. The server then listens on nothing of its own."""
    active_file: Path | None = None
    """Says whether the server is to have that address."""
    shadow_file: Path | None = None
    """Says which share of another server's requests, in percent, is to be handed on to this one."""
    namespace: Name | None = None
    """Of the model; None where no Pod serves it."""
    pod: Name | None = None
    """Uid of the Pod. With it and the namespace the agent is told what was counted."""
    block_s: float = Field(default=BLOCK_S, gt=0, le=86_400)
    """How long is counted into one block."""
    supervisor_fd: int | None = Field(default=None, ge=3)
    """Number of a connection to the supervisor, which owns what the server listens on."""


class ServeSettings(BaseModel):
    """All of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelSettings
    limits: RequestLimits
    server: ServerSettings
