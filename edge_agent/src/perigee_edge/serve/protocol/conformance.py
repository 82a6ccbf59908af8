"""Whether a request's inputs are those that the model declares."""

from collections.abc import Sequence

import numpy as np

from perigee_edge.serve.protocol.errors import RequestError, shown
from perigee_edge.serve.tensors import Tensors, TensorSpec, datatype_of


def check_inputs(inputs: Tensors, specs: Sequence[TensorSpec], *, refuse_non_finite: bool) -> None:
    """Refuse inputs that the model cannot take, before they meet others in a batch.

    Args:
        inputs: As decoded.
        specs: As the model declares them.
        refuse_non_finite: Whether NaN and infinities are errors too.

    Raises:
        RequestError: A name, datatype, shape or value is wrong.
    """
    wanted = [spec.name for spec in specs]
    for name in inputs:
        if name not in wanted:
            raise RequestError(f"the model has no input {shown(name)}; it has {', '.join(wanted)}")
    for spec in specs:
        if spec.name not in inputs:
            raise RequestError(f"input {shown(spec.name)} is missing")
        array = inputs[spec.name]
        datatype = datatype_of(array)
        if datatype is not spec.datatype:
            raise RequestError(
                f"input {shown(spec.name)} must be {spec.datatype}, but is {datatype}"
            )
        if not spec.admits(array.shape):
            shape = [-1 if length is None else length for length in spec.shape]
            raise RequestError(
                f"input {shown(spec.name)} must have shape {shape}, "
                f"but has {shown(str(list(array.shape)))}"
            )
        if refuse_non_finite and array.dtype.kind == "f" and not np.isfinite(array).all():
            raise RequestError(f"input {shown(spec.name)} holds NaN or an infinity")
