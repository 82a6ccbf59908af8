"""One inference, from the bytes of a request's body to the parts of the answer's; no HTTP."""

from dataclasses import dataclass
from http import HTTPStatus

from perigee_edge.serve.batching import QueueFullError
from perigee_edge.serve.engine.interface import InferenceFailedError, InputRefusedError
from perigee_edge.serve.protocol.conformance import check_inputs
from perigee_edge.serve.protocol.errors import RequestError
from perigee_edge.serve.protocol.request import decode_request
from perigee_edge.serve.protocol.response import EncodedResponse, chosen_outputs, encode_response
from perigee_edge.serve.served_model import ServedModel
from perigee_edge.serve.settings import RequestLimits
from perigee_edge.serve.tensors import Tensors


@dataclass(frozen=True, slots=True)
class Answer:
    """What was computed, and as it goes out."""

    encoded: EncodedResponse
    inputs: Tensors
    outputs: Tensors
    """All of the model's, whichever were asked for."""


async def answer(
    model: ServedModel,
    body: bytes | bytearray | memoryview,
    header_length: str | None,
    limits: RequestLimits,
) -> Answer:
    """Decode, check, queue, compute, encode.

    Args:
        model: Its name and version have been checked.
        body: Decompressed.
        header_length: As `decode_request` takes it.
        limits: What to refuse.

    Raises:
        RequestError: For any reason that there is no answer.
    """
    running = model.running()
    request = decode_request(body, header_length, limits.max_json_bytes)
    chosen = chosen_outputs(request, running.session.outputs)
    check_inputs(request.inputs, running.session.inputs, refuse_non_finite=limits.refuse_non_finite)
    outputs = await _computed(model, request.inputs)
    encoded = encode_response(model.name, model.revision, request.id, outputs, chosen)
    return Answer(encoded, request.inputs, outputs)


async def _computed(model: ServedModel, inputs: Tensors) -> Tensors:
    try:
        return await model.running().batcher.infer(inputs)
    except QueueFullError as error:
        raise RequestError(
            str(error), HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=error.retry_after_s
        ) from error
    except InputRefusedError as error:
        raise RequestError(f"the model refuses these inputs: {error}") from error
    except InferenceFailedError as error:
        raise RequestError(
            f"the model failed on these inputs: {error}", HTTPStatus.INTERNAL_SERVER_ERROR
        ) from error
