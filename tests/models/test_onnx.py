"""ONNX graphs as models."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

import seewhy
from seewhy.domain.capability import Capability
from seewhy.errors import BadCheckpoint, BadOption, UnknownModel, UnsupportedModel
from seewhy.models.adapt import adapt

IMAGES = torch.rand(5, 3, 4, 6, generator=torch.Generator().manual_seed(0))
WEIGHTS = np.arange(6, dtype=np.float32).reshape(3, 2)


def graph(shape=("n", 3, 4, 6), kind=TensorProto.FLOAT, extra=()):
    """Mean over space, times WEIGHTS, in either order of axes."""
    axes = [1, 2] if shape[-1] == 3 else [2, 3]
    image = helper.make_tensor_value_info("image", kind, shape)
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, (shape[0], 2))
    nodes = [
        helper.make_node("Cast", ["image"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=axes, keepdims=0),
        helper.make_node("MatMul", ["mean", "w"], ["scores"]),
        *[helper.make_node("Identity", ["scores" if table else "x"], [name]) for name, table in extra],
    ]
    outputs = [
        *[helper.make_tensor_value_info(n, TensorProto.FLOAT, (shape[0], 2) if t else shape) for n, t in extra],
        scores,
    ]
    weights = helper.make_tensor("w", TensorProto.FLOAT, WEIGHTS.shape, WEIGHTS.ravel())
    made = helper.make_graph(nodes, "g", [image], outputs, [weights])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def expected(images=IMAGES):
    return images.mean((2, 3)) @ torch.from_numpy(WEIGHTS)


@pytest.mark.parametrize("shape", [("n", 3, 4, 6), ("n", 4, 6, 3), (1, 3, 4, 6), (2, 4, 6, 3), ("n", 3, "h", "w")])
def test_axes_and_batch_are_read_from_the_graph(shape):
    model = adapt(graph(shape))
    torch.testing.assert_close(model(IMAGES), expected())
    assert model.limit == (shape[0] if isinstance(shape[0], int) else None)
    assert model.size == (None if "h" in shape else (4, 6))


def test_a_precision_that_cannot_reach_the_graph_is_refused():
    with pytest.raises(BadOption, match="outside of torch"):
        seewhy.explain(graph(), IMAGES[0], method="random", precision="bfloat16")


def test_half_precision_and_8_bit_inputs_are_fed_as_declared():
    torch.testing.assert_close(adapt(graph(kind=TensorProto.FLOAT16))(IMAGES), expected(), atol=2e-2, rtol=1e-2)
    eight_bit = adapt(graph(kind=TensorProto.UINT8))
    torch.testing.assert_close(eight_bit(IMAGES), expected((IMAGES * 255).round()), atol=1e-2, rtol=1e-4)


def test_a_file_its_bytes_its_graph_and_its_session_answer_the_same(tmp_path):
    onnx.save(graph(), tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    path = tmp_path / "m.onnx"
    for thing in (path, str(path), f"onnx:{path}", path.read_bytes(), graph(), session):
        torch.testing.assert_close(adapt(thing)(IMAGES), expected())


def test_the_table_among_several_outputs_is_taken_or_asked_for():
    torch.testing.assert_close(adapt(graph(extra=[("features", False)]))(IMAGES), expected())
    two = graph(extra=[("other", True)])
    with pytest.raises(UnsupportedModel, match="other, scores"):
        adapt(two)
    torch.testing.assert_close(adapt(two, output="scores")(IMAGES), expected())
    with pytest.raises(BadOption, match="Did you mean 'scores'"):
        adapt(two, output="score")


def test_mean_and_std_are_enough_because_the_graph_knows_its_size():
    model = adapt(graph(), preprocess={"mean": (0.5,) * 3, "std": (0.5,) * 3})
    assert model.preprocess.input_size == (4, 6)
    torch.testing.assert_close(model(IMAGES), expected((IMAGES - 0.5) / 0.5))
    assert adapt(graph()).preprocess is None
    assert "4x6" in adapt(graph()).offers.facts["input"]


def test_it_offers_scores_only_and_says_why():
    model = adapt(graph())
    assert model.capabilities == Capability.SCORES
    assert "ONNX" in model.missing[Capability.GRADIENTS]


def test_the_fingerprint_follows_the_weights_also_when_they_lie_beside_the_graph(tmp_path):
    def saved(weight):
        proto = graph()
        values = np.full(WEIGHTS.shape, weight, np.float32)
        proto.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(values, "w"))
        onnx.save(proto, tmp_path / "m.onnx", save_as_external_data=True, location="m.onnx.data", size_threshold=0)
        return adapt(tmp_path / "m.onnx").fingerprint

    first = saved(1.0)
    (tmp_path / "m.onnx.data").unlink()
    second = saved(2.0)
    (tmp_path / "m.onnx.data").unlink()
    assert first != second
    assert first == saved(1.0)


def test_an_exported_network_answers_as_the_network_does(tmp_path):
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
    torch.onnx.export(module, (IMAGES[:2],), tmp_path / "m.onnx", dynamo=True, verbose=False)
    torch.testing.assert_close(adapt(tmp_path / "m.onnx")(IMAGES), module(IMAGES), atol=1e-5, rtol=1e-5)


def test_a_graph_without_one_batch_of_images_is_refused():
    with pytest.raises(UnsupportedModel, match="image tensor"):
        adapt(graph(kind=TensorProto.INT64))


@pytest.mark.parametrize("content", [b"", b"no graph at all"])
def test_a_file_that_is_no_graph_is_refused_in_two_lines(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(BadCheckpoint) as caught:
        adapt(tmp_path / "m.onnx")
    assert len(caught.value.lines().splitlines()) == 2


def test_a_missing_file_is_named():
    with pytest.raises(UnknownModel, match=r"nowhere\.onnx"):
        adapt("onnx:nowhere.onnx")
