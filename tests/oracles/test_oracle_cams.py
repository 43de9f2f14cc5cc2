"""Activation maps on networks whose map is known, or derived place by place in plain Python."""

import numpy as np
import pytest
import torch
from known_networks import SeesOneQuadrant
from torch import nn

import seewhy
from seewhy.testing.tiny_models import pictures

IMAGE = pictures(1, 3, 32, 32)[0]


class Pooled(nn.Module):
    """Convolution, ReLU, global mean, linear: the map of every class is the weighted sum of features."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.features = nn.Sequential(nn.Conv2d(3, 5, 4, stride=4), nn.ReLU())
        self.head = nn.Linear(5, 3)

    def forward(self, images):
        return self.head(self.features(images).mean(dim=(2, 3)))


def parts(network, layer, target):
    """Features and gradients of a layer, in float64, without the library."""
    held = []
    handle = network.get_submodule(layer).register_forward_hook(
        lambda _m, _i, out: held.append(out.detach().requires_grad_()) or held[0]
    )
    score = network(IMAGE[None])[0, target]
    handle.remove()
    (slope,) = torch.autograd.grad(score, held[0])
    return held[0].detach()[0].double().numpy(), slope[0].double().numpy()


def found(network, method, **options):
    return seewhy.explain(network, IMAGE, method=method, layer="features", target=1, sign="both", **options).values


@pytest.mark.parametrize("method", ["hires-cam", "xgrad-cam", "grad-cam"])
def test_behind_a_pooling_and_a_linear_layer_the_map_is_the_weighted_sum_of_features(method):
    network = Pooled().eval()
    features, _ = parts(network, "features", 1)
    weights = network.head.weight[1].detach().double().numpy()
    expected = sum(w * f for w, f in zip(weights, features, strict=True)) / 64
    np.testing.assert_allclose(found(network, method), expected, rtol=1e-4, atol=1e-6)


def test_hires_cam_sums_to_the_score_without_the_bias_of_a_linear_head():
    network = SeesOneQuadrant().eval()
    values = found(network, "hires-cam")
    with torch.no_grad():
        score = float(network(IMAGE[None])[0, 1] - network.head.bias[1])
    assert abs(values.sum() - score) < 1e-5 * max(1, abs(score))
    assert not values[4:].any()
    assert not values[:, 4:].any()  # what the head does not read gets nothing


def test_xgrad_cam_is_its_formula_place_by_place():
    network = SeesOneQuadrant().eval()
    features, slopes = parts(network, "features", 1)
    expected = np.zeros(features.shape[1:])
    for feature, slope in zip(features, slopes, strict=True):
        weight = sum(slope[p] * feature[p] for p in np.ndindex(feature.shape)) / max(feature.sum(), 1e-30)
        expected += weight * feature
    np.testing.assert_allclose(found(network, "xgrad-cam"), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("build", [Pooled, SeesOneQuadrant])
def test_ablation_cam_weighs_each_channel_by_the_score_that_is_lost_without_it(build):
    network = build().eval()
    features, _ = parts(network, "features", 1)
    with torch.no_grad():
        whole, lost = float(network(IMAGE[None])[0, 1]), []
        for channel in range(len(features)):

            def without(_m, _i, out, channel=channel):
                changed = out.clone()
                changed[:, channel] = 0
                return changed

            handle = network.features.register_forward_hook(without)
            lost.append(whole - float(network(IMAGE[None])[0, 1]))
            handle.remove()
    expected = sum(w * f for w, f in zip(lost, features, strict=True))
    explained = seewhy.explain(network, IMAGE, method="ablation-cam", layer="features", target=1, sign="both")
    np.testing.assert_allclose(explained.values, expected, rtol=1e-3, atol=1e-5)
    assert (explained.cost.forward, explained.cost.tail) == (2, len(features) + 2)  # two rows prove the tail


def test_ablation_cam_keeps_its_sign_where_the_score_is_negative():
    network = Pooled().eval()
    before = found(network, "ablation-cam")
    with torch.no_grad():
        network.head.bias.fill_(-100.0)
    np.testing.assert_allclose(found(network, "ablation-cam"), before, rtol=1e-2, atol=1e-4)


def test_region_ablation_of_a_weighted_sum_is_what_each_region_adds():
    weights = torch.arange(12.0).reshape(1, 3, 4)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 2, bias=False))
    with torch.no_grad():
        network[1].weight.copy_(torch.stack([weights.flatten(), -weights.flatten()]))
    image, labels = torch.rand(1, 3, 4, generator=torch.Generator().manual_seed(0)), np.arange(12).reshape(3, 4) // 3
    asked = {"regions": seewhy.Given(labels), "baseline": seewhy.Colour(0.0), "target": 0, "scale": "logit"}
    found = seewhy.explain(network, image, method="region-ablation", **asked).parts.values
    product = (weights * image).flatten().numpy()
    np.testing.assert_allclose(found, [product[labels.flatten() == i].sum() for i in range(4)], rtol=1e-5)
