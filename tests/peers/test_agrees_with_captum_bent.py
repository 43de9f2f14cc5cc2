"""Captum's guided backprop, deconvolution and DeepLIFT: the same where it is right, and where it is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from captum import attr
from peer_networks import IMAGES, TARGET, PeerCnn, network
from torch import Tensor, nn

import seewhy

PEERS = {"guided-backprop": attr.GuidedBackprop, "deconvnet": attr.Deconvolution}


class Functional(PeerCnn):
    """The same network, whose activations are functions."""

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.flatten(F.relu(self.second(F.relu(self.first(images))))))


class Pooled(PeerCnn):
    """The same network with max-pooling of a window and a stride."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self.pool, self.head = nn.MaxPool2d(window, 2, padding=window // 3), nn.Linear(10 * 16, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.flatten(self.pool(self.act2(self.second(self.act1(self.first(images)))))))


def ours(model: nn.Module, method: str, **options: object) -> np.ndarray:
    found = seewhy.explain(model, IMAGES, method=method, target=TARGET, scale="logit", **options)
    return np.stack([one.values for one in found])


def completeness(model: nn.Module, image: Tensor, **options: object) -> float:
    found = seewhy.explain(model, image, method="deep-lift", target=TARGET, scale="logit", **options)
    return next(one.value for one in found.checks if one.name == "completeness")


@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.parametrize("method", PEERS)
def test_rectified_gradients_are_captum_s_on_relu_modules(method: str) -> None:
    theirs = PEERS[method](network()).attribute(IMAGES, target=TARGET).abs().amax(dim=1)
    np.testing.assert_allclose(ours(network(), method), theirs.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.parametrize("method", PEERS)
def test_on_functional_relus_captum_s_is_the_plain_gradient_and_ours_is_not(method: str) -> None:
    model = Functional().eval()
    theirs = PEERS[method](model).attribute(IMAGES, target=TARGET).abs().amax(dim=1).detach().numpy()
    np.testing.assert_allclose(theirs, ours(model, "saliency"), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours(model, method), ours(network(), method), rtol=1e-4, atol=1e-6)
    assert np.abs(ours(model, method) - theirs).max() > 0.1 * theirs.max()


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
@pytest.mark.parametrize("grey", [0.0, 0.5])
def test_deep_lift_is_captum_s_on_modules_that_run_once(grey: float) -> None:
    theirs = attr.DeepLift(network()).attribute(IMAGES, baselines=grey, target=TARGET).sum(dim=1).detach()
    found = ours(network(), "deep-lift", baseline=seewhy.Colour(grey))
    np.testing.assert_allclose(found, theirs, rtol=1e-3, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_on_functional_relus_captum_s_deep_lift_is_input_x_gradient_and_ours_is_complete() -> None:
    model = Functional().eval()
    theirs = attr.DeepLift(model).attribute(IMAGES, target=TARGET).sum(dim=1).detach().numpy()
    np.testing.assert_allclose(theirs, ours(model, "input-x-gradient"), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(ours(model, "deep-lift"), ours(network(), "deep-lift"), rtol=1e-3, atol=1e-6)
    assert completeness(model, IMAGES[0]) < 1e-4


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
@pytest.mark.parametrize("window", [2, 3])
def test_through_max_pooling_captum_s_deep_lift_loses_some_and_ours_does_not(window: int) -> None:
    model = Pooled(window).eval()
    _, delta = attr.DeepLift(model).attribute(IMAGES, target=TARGET, return_convergence_delta=True)
    with torch.no_grad():
        change = (model(IMAGES) - model(0 * IMAGES))[:, TARGET]
    assert float((delta / change).abs().max()) > 0.01
    assert completeness(model, IMAGES[0]) < 1e-4


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_captum_s_deep_lift_refuses_the_reused_activations_of_torchvision_s_resnet_and_ours_is_complete() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = torchvision.models.resnet18(num_classes=4).eval()
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with pytest.raises((RuntimeError, AssertionError)):
        attr.DeepLift(model).attribute(image, target=TARGET)
    assert completeness(model, image[0]) < 1e-3
