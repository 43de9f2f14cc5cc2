"""Silent failures of class activation maps in other libraries: each works here, or is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision.models as tv
from failing_networks import PICTURES, InPlace, Pooled, ReusedActivation, Small
from torch import nn

import seewhy
from models.image_networks import build, pictures
from seewhy.errors import MissingCapability, NoSuitableLayer, UnknownLayer
from seewhy.models.adapt import adapt

PLAIN = seewhy.Preprocess.plain()
CAMS = ("grad-cam", "grad-cam++", "layer-cam", "eigen-cam")


def verdict(explanation: seewhy.Explanation, name: str) -> str:
    return next(check.verdict for check in explanation.checks if check.name == name)


def test_an_in_place_relu_behind_the_layer_does_not_overwrite_what_was_read() -> None:
    network = InPlace()
    before = network.features[0](PICTURES[:1]).detach()
    gradients = network.head.weight[1].detach().reshape(8, 16, 16) * (before[0] > 0)
    found = seewhy.explain(network, PICTURES[0], method="grad-cam", layer="features.0", sign="both", target=1)
    expected = (gradients.mean(dim=(1, 2))[:, None, None] * before[0]).sum(dim=0)
    assert before.min() < -0.1
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * float(expected.abs().max()))
    after = (gradients.mean(dim=(1, 2))[:, None, None] * before[0].relu()).sum(dim=0)
    assert np.abs(found.values - after.numpy()).max() > 0.1 * np.abs(found.values).max()


def test_a_vgg_layer_is_read_before_its_in_place_relu() -> None:
    network, image = build("torchvision VGG").eval(), pictures("torchvision VGG")
    with torch.no_grad():
        true = network.features[:1](image).clone()
    model = adapt(network, preprocess=PLAIN)
    model.meet((3, 64, 64))
    with torch.no_grad(), model.borrowed(), model.watching(("features.0",)) as watch:
        model(image)
    assert true.min() < 0
    torch.testing.assert_close(watch.layers["features.0"], true)


def test_the_last_block_of_a_vit_is_refused_because_only_its_class_token_is_read() -> None:
    network, image = build("timm ViT"), pictures("timm ViT")[0]
    with pytest.raises(UnknownLayer, match="only the class token is read") as refused:
        seewhy.explain(network, image, method="grad-cam", layer="blocks.2")
    assert "blocks.2.norm1" in refused.value.fix
    assert seewhy.explain(network, image, method="grad-cam", sign="both").values.any()


@pytest.mark.parametrize("family", ["torchvision ViT", "timm ViT", "Hugging Face ViT", "torchvision Swin", "timm Swin"])
def test_the_patch_embedding_or_a_permutation_is_never_the_automatic_layer(family: str) -> None:
    model = adapt(build(family), preprocess=PLAIN)
    model.meet(tuple(pictures(family).shape[1:]))
    chosen = model.layout.choose().name
    assert not any(word in chosen for word in ("proj", "embed", "permute")), chosen


@pytest.mark.parametrize("family", ["timm Swin", "torchvision Swin", "Hugging Face Swin", "timm register ViT"])
def test_channels_last_and_register_tokens_need_no_reshape_function(family: str) -> None:
    found = seewhy.explain(build(family), pictures(family), method="grad-cam", sign="both", preprocess=PLAIN)
    for one in found:
        assert one.values.shape == one.layer.shape[1:]
        assert one.values.any()


@pytest.mark.parametrize("method", CAMS)
def test_a_bright_patch_of_a_channels_last_network_is_found_where_it_is(method: str) -> None:
    network = build("torchvision Swin")
    image = torch.zeros(3, 64, 64)
    image[:, 32:48, 16:32] = 1.0
    blank, found = seewhy.explain(
        network,
        torch.stack([torch.zeros(3, 64, 64), image]),
        method=method,
        target=0,
        layer="features.0",
        preprocess=PLAIN,
    )
    change = np.abs(found.values - blank.values)
    row, column = np.unravel_index(change.argmax(), change.shape)
    assert 32 <= row * 64 / change.shape[0] < 48
    assert 16 <= column * 64 / change.shape[1] < 32


def test_the_layer_that_was_asked_for_is_the_one_that_was_read() -> None:
    network = Small()
    first, second = (
        seewhy.explain(network, PICTURES[0], method="grad-cam", layer=name) for name in ("first", "second")
    )
    assert first.layer.name == "first"
    assert first.values.shape == (16, 16)
    assert second.values.shape == (8, 8)


def test_a_module_that_runs_twice_is_refused_as_a_layer() -> None:
    with pytest.raises(UnknownLayer, match="runs 2 times"):
        seewhy.explain(ReusedActivation(), PICTURES[0], method="grad-cam", layer="relu")


def test_a_network_with_a_reused_relu_is_explained_at_another_layer() -> None:
    found = seewhy.explain(ReusedActivation(), PICTURES[0], method="grad-cam", sign="both")
    assert found.layer.name == "second"
    assert found.values.any()


def test_a_mistyped_layer_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownLayer, match=r"no layer 'secnd'.*Did you mean 'second'"):
        seewhy.explain(Small(), PICTURES[0], method="grad-cam", layer="secnd")


def test_a_zero_grad_cam_is_flagged_and_its_negative_side_can_be_asked_for() -> None:
    positive, both = (
        seewhy.explain(Pooled(), PICTURES[0], method="grad-cam", target=0, sign=sign) for sign in ("positive", "both")
    )
    assert not positive.values.any()
    assert verdict(positive, "map") == "bad"
    assert both.values.min() < 0
    assert verdict(both, "map") == "good"


def test_the_size_of_a_map_is_not_normalised_away() -> None:
    for method in CAMS[:3]:
        single, double = (
            seewhy.explain(Small(scale), PICTURES[0], method=method, target=1, sign="both").values for scale in (1, 2)
        )
        factor = 2 if method != "grad-cam++" else None  # its weights are no linear function of the score
        assert single.max() != pytest.approx(1.0)
        if factor:
            np.testing.assert_allclose(double, factor * single, rtol=1e-4, atol=1e-6)


def test_eigen_cam_says_that_it_is_the_same_for_every_class() -> None:
    first, second = seewhy.explain(Small(), PICTURES[0], method="eigen-cam", target=[0, 1])
    np.testing.assert_array_equal(first.values, second.values)
    assert verdict(first, "class-discrimination") == "warning"
    assert any(
        "same map for every class" in check.message for check in first.checks if check.name == "class-discrimination"
    )
    assert first.class_blind
    assert "for it" not in first.summary()


def test_a_class_blind_network_is_flagged_by_the_map_of_the_runner_up() -> None:
    network = Small()
    with torch.no_grad():
        network.head.weight.copy_(network.head.weight[:1].expand(4, -1))
    found = seewhy.explain(network, PICTURES[0], method="grad-cam", target=0, sign="both")
    assert verdict(found, "class-discrimination") == "warning"
    assert (
        verdict(seewhy.explain(Small(), PICTURES[0], method="grad-cam", sign="both"), "class-discrimination") == "good"
    )


def test_a_scripted_network_is_refused_by_name_for_layers_and_answered_for_scores() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    with pytest.raises((MissingCapability, NoSuitableLayer), match="layers"):
        seewhy.explain(scripted, PICTURES[0], method="grad-cam")
    assert seewhy.explain(scripted, PICTURES[0], method="occlusion", window=16, stride=16).values.any()


def test_resnets_with_their_in_place_and_reused_relus_are_explained() -> None:
    torch.manual_seed(0)
    network = tv.resnet18(num_classes=5)
    found = seewhy.explain(network, torch.rand(3, 64, 64), method=["grad-cam", "integrated-gradients"], steps=8)
    assert found["grad-cam"].layer.name == "layer4"
    assert all(one.values.any() for one in found)


def test_a_network_without_any_map_is_refused() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 16), nn.ReLU(), nn.Linear(16, 3))
    with pytest.raises(MissingCapability, match="keeps a map"):
        seewhy.explain(network, PICTURES[0], method="grad-cam")


@pytest.mark.parametrize("family", ["timm ViT", "torchvision ViT", "Hugging Face ViT"])
def test_fused_attention_is_captured_and_never_an_empty_list(family: str) -> None:
    found = seewhy.explain(
        build(family), pictures(family)[0], method=["raw-attention", "attention-rollout", "gradient-attention"]
    )
    for one in found:
        assert one.values.shape == (4, 4)
        assert np.isfinite(one.values).all()
        assert one.values.max() > 0
    assert float(found["attention-rollout"].values.sum()) < 1  # the class token keeps its share


def test_windowed_attention_is_put_together_over_the_grid_and_that_is_said() -> None:
    found = seewhy.explain(build("timm Swin"), pictures("timm Swin")[0], method="attention-rollout")
    assert found.values.shape == (14, 14)
    assert found.values.sum() == pytest.approx(1, abs=1e-4)
    assert any("in windows was put together" in check.message for check in found.checks)


def test_register_tokens_are_counted_and_left_out_of_the_map() -> None:
    network = build("timm register ViT")
    found = seewhy.explain(network, pictures("timm register ViT")[0], method="raw-attention")
    assert found.values.shape == (4, 4)
    assert network.num_prefix_tokens == 5


def test_an_assumed_preprocessing_has_the_size_that_the_network_is_built_for() -> None:
    found = seewhy.explain(
        build("torchvision ViT"), (pictures("torchvision ViT")[0] * 255).byte(), method="raw-attention"
    )
    assert found.geometry.model == (64, 64)
    assert any("was assumed" in check.message for check in found.checks)
