"""The report itself under test: maps whose score is known beforehand, every kind of model, and useless input (C17)."""

import math

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

import seewhy
from seewhy.errors import BadOption, BadPixels
from seewhy.report.report_card import CONTROLS
from seewhy.testing.planted import watermark_images, watermark_network
from seewhy.testing.tiny_models import pictures, plain_function, tiny_cnn, tiny_vit

GAIN = {"symmetric-gain": {"steps": 16, "fills": 1}}
PLAIN = seewhy.Preprocess.plain()


def slopes(network, images, targets):
    asked = images.requires_grad_()
    network(asked)[range(len(asked)), targets].sum().backward()
    return asked.grad.abs().amax(dim=1)


@pytest.fixture(scope="module")
def card():
    """A network that has learned to look for a watermark, which lies off the middle."""
    methods = {
        "saliency": ("saliency", {}),
        "occlusion": ("occlusion", {"window": 6, "stride": 2}),
        "upright": slopes,
        "inverted": lambda *asked: -slopes(*asked),
    }
    return seewhy.report_card(watermark_network(), watermark_images(24).images, methods, metrics=GAIN)


@pytest.mark.parametrize("control", ["random", "blurred-random"])
def test_a_map_of_noise_gains_nothing_on_a_trained_network(card, control):
    found = card.interval(control, "gain")
    assert found.holds(0.0)
    assert found.high - found.low < 0.4


def test_the_inverted_map_gains_the_opposite_image_by_image(card):
    upright, inverted = (card.row("gain").values[card.methods.index(name)] for name in ("upright", "inverted"))
    assert upright.min() > 0.5
    np.testing.assert_allclose(inverted, -upright, atol=1e-5)


@pytest.mark.parametrize("method", ["saliency", "occlusion"])
def test_methods_that_find_the_watermark_are_better_than_every_control(card, method):
    found = card.against_controls(method)
    assert tuple(found) == CONTROLS
    assert {contest.verdict for contest in found.values()} == {"better"}


def test_no_noise_is_called_better_than_the_other_noise(card):
    assert card.against_controls("random")["blurred-random"].verdict == "cannot be told apart"


def test_where_all_that_matters_is_in_the_middle_a_bump_there_is_hard_to_beat(trained):
    from seewhy.testing.scenes import dataset

    network = trained("cnn", rule="wings", size=32, epochs=4).network
    scenes = dataset(24, seed=3, rule="wings", split="test", size=32).images
    found = seewhy.report_card(network, scenes, "saliency", metrics=GAIN).against_controls("saliency")
    assert found["random"].verdict == found["edges"].verdict == "better"
    assert found["centre-prior"].verdict == "cannot be told apart"


# -- every kind of model


def in_onnx():
    """The mean colour of each half of the image, times weights."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ("n", 3, 24, 24))
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ("n", 2))
    weights = np.linspace(-3, 3, 12, dtype=np.float32).reshape(6, 2)
    nodes = [
        helper.make_node("AveragePool", ["image"], ["halves"], kernel_shape=[24, 12], strides=[24, 12]),
        helper.make_node("Flatten", ["halves"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["scores"]),
    ]
    held = [helper.make_tensor("w", TensorProto.FLOAT, weights.shape, weights.ravel())]
    graph = helper.make_graph(nodes, "g", [image], [scores], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


@pytest.mark.parametrize(
    ("build", "shape", "method"),
    [
        (in_onnx, (3, 24, 24), {"occlusion": ("occlusion", {"window": 8, "stride": 4})}),
        (lambda: plain_function, (3, 24, 24), {"occlusion": ("occlusion", {"window": 8, "stride": 4})}),
        (tiny_vit, (3, 24, 24), {"saliency": "saliency"}),
        (tiny_vit, (3, 24, 24), {"attention-rollout": "attention-rollout"}),
        (lambda: tiny_cnn(3), (3, 4, 16, 16), {"saliency": "saliency"}),
    ],
    ids=["onnx", "function", "transformer", "attention", "clips"],
)
def test_any_model_gets_a_whole_quick_report(build, shape, method):
    card = seewhy.report_card(build(), pictures(6, *shape), method, level="quick", preprocess=PLAIN)
    for name in (*method, *CONTROLS):
        assert card.interval(name, "gain").known
        assert card.interval(name, "patch effect").known
    assert not card.failures
    assert not any(one.problems for one in card.contestants)
    for row in card.rows:  # a number, or a reason, for each image
        for values, whys in zip(row.values, row.whys, strict=True):
            assert int(np.isnan(values).sum()) == sum(whys.values())
    assert card.summary()


# -- input that cannot be judged


def judged(maps=None, masks=None, metrics=GAIN):
    images = pictures(2, 3, 24, 24)
    maps = torch.rand(2, 24, 24, generator=torch.Generator().manual_seed(0)) if maps is None else maps
    return seewhy.report_card(
        tiny_cnn(), images, {"given": maps.numpy()}, masks=masks, metrics=metrics, preprocess=PLAIN, controls=False
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0.0, "the map is the same everywhere"),
        (1.0, "the map is the same everywhere"),
        (math.inf, "the map holds NaN or infinite values"),
    ],
)
@pytest.mark.parametrize("metric", ["symmetric-gain", "patch-effect", "mu-fidelity", "infidelity", "saco"])
def test_a_map_that_says_nothing_gets_the_reason_and_no_number(value, reason, metric):
    for row in judged(torch.full((2, 24, 24), value), metrics=metric).rows:
        assert np.isnan(row.values).all()
        assert row.whys == ({reason: 2},)


def test_one_nan_in_a_map_is_enough():
    maps = torch.rand(2, 24, 24)
    maps[1, 3, 3] = math.nan
    row = judged(maps).row("gain")
    assert np.isnan(row.values).tolist() == [[False, True]]
    assert row.whys == ({"the map holds NaN or infinite values": 1},)


@pytest.mark.parametrize(("full", "reason"), [(False, "the mask is empty"), (True, "the mask covers everything")])
def test_a_mask_that_is_nowhere_or_everywhere_is_no_truth(full, reason):
    masks = np.full((2, 24, 24), full)
    rows = judged(masks=masks, metrics=["energy-pointing", "pointing", "relevance-rank", "overlap"]).rows
    assert len(rows) >= 4
    for row in rows:
        assert np.isnan(row.values).all()
        assert row.whys == ({reason: 2},)


def test_masks_and_maps_of_another_size_or_number_are_refused_by_name():
    flat = judged(torch.rand(2, 24))
    (problem,) = flat.contestants[0].problems
    assert "(1, 24)" in problem
    with pytest.raises(BadOption, match="1 masks were given for 2 images"):
        judged(masks=np.ones((1, 24, 24), bool))
    with pytest.raises(BadPixels, match=r"shape \(9, 9\)"):
        judged(masks=np.ones((2, 9, 9), bool))


def test_a_precision_that_does_not_reach_the_model_is_refused():
    with pytest.raises(BadOption, match="would change nothing"):
        seewhy.report_card(in_onnx(), pictures(2, 3, 24, 24), "random", precision="bfloat16")
