import onnx

from perigee_demo.artifacts.network import BANDS, INPUT, OUTPUT, Network


def test_is_what_the_file_says(network: Network) -> None:
    graph = onnx.load(network.path).graph
    (tensor,) = graph.input
    assert tensor.name == INPUT
    assert [each.dim_value for each in tensor.type.tensor_type.shape.dim[1:]] == [
        len(BANDS),
        network.tile,
        network.tile,
    ]
    assert [each.name for each in graph.output] == [OUTPUT]
    assert len(network.mean) == len(network.deviation) == len(BANDS)
