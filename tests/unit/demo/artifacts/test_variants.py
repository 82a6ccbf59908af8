from collections.abc import Callable

import onnx
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidProtobuf

from perigee_demo.artifacts.network import Network
from perigee_demo.artifacts.variants import damaged, quantised, truncated
from perigee_demo.inference.local import local_inference

Agreement = Callable[[bytes], float]


@pytest.fixture(scope="module")
def shipped(network: Network) -> bytes:
    return network.path.read_bytes()


def test_the_quantised_one_agrees_and_is_half_as_long(
    shipped: bytes, agreement_with_stable: Agreement
) -> None:
    small = quantised(shipped)
    assert len(small) < 0.55 * len(shipped)
    assert agreement_with_stable(small) >= 0.98


def test_the_damaged_one_loads_and_disagrees(
    shipped: bytes, agreement_with_stable: Agreement
) -> None:
    broken = damaged(shipped)
    assert len(broken) == len(shipped)
    assert agreement_with_stable(broken) < 0.9


def test_the_truncated_one_cannot_be_loaded(shipped: bytes) -> None:
    with pytest.raises(InvalidProtobuf):
        local_inference(truncated(shipped))


@pytest.mark.parametrize("variant", [quantised, damaged, truncated])
def test_a_variant_is_the_same_each_time(variant: Callable[[bytes], bytes], shipped: bytes) -> None:
    assert variant(shipped) == variant(shipped)


@pytest.mark.parametrize("variant", [quantised, damaged])
def test_a_variant_has_the_same_inputs_and_outputs(
    variant: Callable[[bytes], bytes], shipped: bytes
) -> None:
    before = onnx.load_model_from_string(shipped).graph
    after = onnx.load_model_from_string(variant(shipped)).graph
    assert list(after.input) == list(before.input)
    assert list(after.output) == list(before.output)
