"""What a model is computed with."""

from enum import StrEnum

from pydantic import Field

from perigee_api.base import Schema


class Engine(StrEnum):
    """What computes."""

    ONNXRUNTIME = "onnxruntime"


class Precision(StrEnum):
    """The precision that the model computes in; informational for engines that read it from it."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


class Batching(Schema):
    """How requests are put together."""

    max_size: int = Field(default=8, ge=1, le=1024, description="Samples in a batch.")
    max_delay: float = Field(
        default=5, ge=0, le=10_000, description="Milliseconds that a sample waits for others."
    )


class Runtime(Schema):
    """What computes, and how."""

    engine: Engine = Engine.ONNXRUNTIME
    precision: Precision = Precision.FP32
    threads: int = Field(
        default=1, ge=1, le=256, description="Threads that one inference computes on."
    )
    batching: Batching = Batching()
    refuse_non_finite: bool = Field(
        default=False,
        description="Requests with NaN or infinity in an input are refused with status 400. Scenes "
        "may have NaN where nothing was seen, and a network that was not trained for it answers "
        "nonsense there.",
    )
    image: str | None = Field(
        default=None,
        max_length=512,
        description="The server's image, if not the operator's default.",
    )
