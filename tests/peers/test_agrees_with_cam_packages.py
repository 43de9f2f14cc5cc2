"""Agreement with pytorch-grad-cam and TorchCAM on one network, and where they differ from the true map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchcam.methods as tc
from peer_networks import IMAGES, TARGET, network, unit
from pytorch_grad_cam import EigenCAM, GradCAM, GradCAMPlusPlus, LayerCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

import seewhy
from seewhy.testing import oracles

CLASSES = {"grad-cam": GradCAM, "grad-cam++": GradCAMPlusPlus, "layer-cam": LayerCAM}
TORCHCAM = {"grad-cam": tc.GradCAM, "layer-cam": tc.LayerCAM}


def ours(method: str, image: torch.Tensor, layer: str, model: nn.Module | None = None) -> np.ndarray:
    options = {} if method == "eigen-cam" else {"sign": "positive"}
    return seewhy.explain(model or network(), image, method=method, layer=layer, target=TARGET, **options).values


def native(cam: object, images: torch.Tensor, targets: list[ClassifierOutputTarget]) -> np.ndarray:
    """The map of pytorch-grad-cam before it is enlarged: its own computation of the weighted, clipped sum."""
    cam.get_target_width_height = lambda _: None
    return cam(input_tensor=images, targets=targets)


@pytest.mark.parametrize("layer", ["second", "act2"])
@pytest.mark.parametrize("method", CLASSES)
def test_cams_are_those_of_pytorch_grad_cam_up_to_its_scaling_to_one(method: str, layer: str) -> None:
    model = network()
    cam = CLASSES[method](model=model, target_layers=[getattr(model, layer)])
    theirs = native(cam, IMAGES, [ClassifierOutputTarget(TARGET)] * 2)
    for image, expected in zip(IMAGES, theirs, strict=True):
        # theirs adds 1e-6 to the divisors of Grad-CAM++, which small gradients feel
        np.testing.assert_allclose(unit(ours(method, image, layer)), expected, atol=1e-3 if "+" in method else 1e-5)


def test_eigen_cam_is_that_of_pytorch_grad_cam_up_to_centring_and_sign() -> None:
    model = network()
    cam = EigenCAM(model=model, target_layers=[model.act2])
    cam(input_tensor=IMAGES[:1], targets=[ClassifierOutputTarget(TARGET)])
    features = model.act2(model.second(model.act1(model.first(IMAGES[:1]))))[0].detach().flatten(1).T
    centred = (features - features.mean(dim=0)).numpy()  # theirs subtracts each channel's mean, the paper does not
    theirs = native(cam, IMAGES[:1], [ClassifierOutputTarget(TARGET)])[0]
    component = (centred @ np.linalg.svd(centred)[2][0]).reshape(8, 8)
    assert any(np.allclose(unit(np.maximum(sign * component, 0)), theirs, atol=1e-3) for sign in (1, -1))
    plain = features.numpy() @ np.linalg.svd(features.numpy())[2][0]
    np.testing.assert_allclose(np.abs(ours("eigen-cam", IMAGES[0], "act2").ravel()), np.abs(plain), rtol=1e-3)


def of_torchcam(kind: type, layer: str) -> np.ndarray:
    model = network()
    with kind(model, target_layer=layer) as extract:
        scores = model(IMAGES[:1].clone().requires_grad_())
        return extract(TARGET, scores, normalized=False)[0][0].relu().detach().numpy()


@pytest.mark.parametrize("layer", ["second", "act2"])
@pytest.mark.parametrize("method", TORCHCAM)
def test_cams_are_those_of_torchcam_without_its_normalisation(method: str, layer: str) -> None:
    theirs = of_torchcam(TORCHCAM[method], layer)
    np.testing.assert_allclose(ours(method, IMAGES[0], layer), theirs, atol=1e-4 * theirs.max())


def test_torchcam_divides_a_copy_in_grad_cam_plus_plus_and_ours_is_the_formula() -> None:
    # its division goes to a copy that masked indexing made, so its weights are the sums of the cubed gradients
    model = network()
    activations = model.act2(model.second(model.act1(model.first(IMAGES[:1])))).detach().requires_grad_()
    (slopes,) = torch.autograd.grad(model.head(activations.flatten(1))[0, TARGET], activations)
    features, gradients = activations.detach().double().numpy()[0], slopes.double().numpy()[0]
    cubes = (np.maximum(gradients, 0) ** 3).sum(axis=(1, 2))
    theirs = of_torchcam(tc.GradCAMpp, "act2")
    np.testing.assert_allclose(theirs, (cubes[:, None, None] * features).sum(axis=0), rtol=1e-3, atol=1e-7)
    right = np.maximum(oracles.grad_cam_plus_plus(features, gradients), 0)
    np.testing.assert_allclose(ours("grad-cam++", IMAGES[0], "act2"), right, rtol=1e-4)
    assert right.max() > 10 * theirs.max()


class OverwritesItself(nn.Module):
    """A convolution followed by an in-place ReLU."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.act = nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.ReLU(inplace=True)
        self.head = nn.Linear(6 * 256, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.act(self.conv(images)).flatten(1))


def test_pytorch_grad_cam_reads_a_layer_after_its_in_place_relu_and_ours_before() -> None:
    model = OverwritesItself().eval()
    cam = LayerCAM(model=model, target_layers=[model.conv])
    cam(input_tensor=IMAGES[:1], targets=[ClassifierOutputTarget(TARGET)])
    true = model.conv(IMAGES[:1]).detach()
    assert true.min() < 0
    assert cam.activations_and_grads.activations[0].min() == 0  # the overwritten tensor
    found = seewhy.explain(model, IMAGES[0], method="grad-cam", layer="conv", sign="both", target=TARGET).values
    slopes = model.head.weight[TARGET].detach().reshape(6, 16, 16) * (true[0] > 0)
    expected = (slopes.mean(dim=(1, 2))[:, None, None] * true[0]).sum(dim=0)
    np.testing.assert_allclose(found, expected, atol=1e-5 * float(expected.abs().max()))


def test_pytorch_grad_cam_leaves_gradients_on_the_model_and_ours_does_not() -> None:
    model = network().train()
    GradCAM(model=model, target_layers=[model.act2])(IMAGES, [ClassifierOutputTarget(TARGET)] * 2)
    assert not model.training
    assert any(parameter.grad is not None for parameter in model.parameters())
    fresh = network().train()
    seewhy.explain(fresh, IMAGES, method="grad-cam")
    assert fresh.training
    assert all(parameter.grad is None for parameter in fresh.parameters())
