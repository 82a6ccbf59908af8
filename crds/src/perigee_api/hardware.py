"""What a satellite carries."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from perigee_api.base import Schema


class AcceleratorKind(StrEnum):
    """What kind of accelerator a satellite carries."""

    GPU = "gpu"
    NPU = "npu"
    TPU = "tpu"
    FPGA = "fpga"


class Architecture(StrEnum):
    """A processor architecture, as in the label kubernetes.io/arch."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class Accelerator(Schema):
    """An accelerator on board."""

    kind: AcceleratorKind
    resource: str = Field(
        max_length=253,
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        description="The extended resource that its device plugin offers: nvidia.com/gpu. "
        "Not used yet.",
    )
    count: int = Field(default=1, ge=1, le=64, description="How many there are. Not used yet.")


Quantity = Annotated[
    str,
    Field(
        max_length=32,
        pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$",
        description="A Kubernetes quantity, such as 512Mi.",
    ),
]


class VitalLimits(Schema):
    """When a satellite is spared: its work moves away before it fails, and comes back later."""

    min_battery: float | None = Field(
        default=None,
        gt=0,
        lt=95,
        description="Charge of the battery in % below which the satellite is spared, until it has "
        "5 more.",
    )
    max_temperature: float | None = Field(
        default=None,
        gt=-50,
        le=200,
        description="Degrees Celsius above which the satellite is spared, until it has 5 fewer.",
    )


class Hardware(Schema):
    """What the satellite carries."""

    architecture: Architecture | None = Field(
        default=None, description="Processor architecture; as the Node says, if not given."
    )
    accelerator: Accelerator | None = None
    memory: Quantity | None = Field(
        default=None, description="Memory on board, as a Kubernetes quantity: 1Gi. Not used yet."
    )
    power: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="Watts that the models on board may draw together. Its Node has as many of "
        "the resource perigee.space/milliwatts for the scheduler to give away.",
    )
