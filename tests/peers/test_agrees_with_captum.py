"""Agreement with Captum, each test with the convention that is matched."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from captum import attr
from captum._utils.models.linear_model import SkLearnRidge
from peer_networks import IMAGES, TARGET, cells, network

import seewhy

BLACK = seewhy.Colour(0.0)
PLAIN = seewhy.Preprocess.plain()


def ours(method: str, **options: object) -> list[seewhy.Explanation]:
    return seewhy.explain(network(), IMAGES, method=method, target=TARGET, scale="logit", **options)


def stacked(found: list[seewhy.Explanation]) -> np.ndarray:
    return np.stack([one.values for one in found])


def test_saliency_is_captum_s_absolute_gradient_with_the_maximum_over_channels() -> None:
    theirs = attr.Saliency(network()).attribute(IMAGES, target=TARGET, abs=True).amax(dim=1)
    np.testing.assert_allclose(stacked(ours("saliency")), theirs, atol=1e-6)


def test_input_times_gradient_is_captum_s_summed_over_channels() -> None:
    theirs = attr.InputXGradient(network()).attribute(IMAGES.clone(), target=TARGET).sum(dim=1)
    np.testing.assert_allclose(stacked(ours("input-x-gradient")), theirs.detach(), atol=1e-6)


@pytest.mark.parametrize("grey", [0.0, 0.5])
def test_integrated_gradients_are_captum_s_on_the_same_nodes_and_baseline(grey: float) -> None:
    options = {"n_steps": 12, "method": "gausslegendre", "baselines": grey}
    theirs = attr.IntegratedGradients(network()).attribute(IMAGES, target=TARGET, **options).sum(dim=1)
    found = ours("integrated-gradients", tolerance=0.0, steps=12, baseline=seewhy.Colour(grey))
    np.testing.assert_allclose(stacked(found), theirs, atol=2e-6)


def test_the_completeness_residual_is_captum_s_convergence_delta() -> None:
    ig = attr.IntegratedGradients(network())
    _, delta = ig.attribute(IMAGES, target=TARGET, n_steps=2, return_convergence_delta=True)
    for found, theirs in zip(ours("integrated-gradients", tolerance=0.0, steps=2, baseline=BLACK), delta, strict=True):
        check = next(check for check in found.checks if check.name == "completeness")
        difference = found.target.score - next(c.value for c in found.checks if c.name == "empty-input")
        assert check.value * abs(difference) == pytest.approx(abs(float(theirs)), abs=1e-5)


def test_smooth_grad_is_captum_s_noise_tunnel_within_both_errors() -> None:
    torch.manual_seed(0)
    image, draws = IMAGES[:1], 1500
    spread = 0.15 * float(image.amax() - image.amin())  # ours is a share of the image's range, theirs absolute
    tunnel = attr.NoiseTunnel(attr.Saliency(network()))
    options = {"nt_samples": draws, "nt_samples_batch_size": 250, "stdevs": spread, "target": TARGET, "abs": False}
    theirs = tunnel.attribute(image, nt_type="smoothgrad", **options)[0].abs().amax(dim=0).numpy()
    found = ours("smooth-grad", samples=draws, tolerance=0.0)[0]
    assert np.corrcoef(found.values.ravel(), theirs.ravel())[0, 1] > 0.99
    assert (np.abs(found.values - theirs) <= 6 * found.stderr + 1e-6).mean() > 0.95


@pytest.mark.parametrize("layer", ["first", "second", "act2"])
def test_grad_cam_is_captum_s_layer_grad_cam_without_relu_or_interpolation(layer: str) -> None:
    model = network()
    theirs = attr.LayerGradCam(model, getattr(model, layer)).attribute(IMAGES, target=TARGET)[:, 0].detach()
    np.testing.assert_allclose(stacked(ours("grad-cam", layer=layer, sign="both")), theirs, atol=1e-6)


@pytest.mark.parametrize(("window", "stride"), [(8, 8), (8, 4), (16, 8)])
def test_occlusion_is_captum_s_mean_over_overlapping_windows(window: int, stride: int) -> None:
    theirs = attr.Occlusion(network()).attribute(
        IMAGES, target=TARGET, sliding_window_shapes=(3, window, window), strides=(3, stride, stride), baselines=0.5
    )[:, 0]
    found = ours("occlusion", window=window, stride=stride, baseline=seewhy.Colour(0.5))
    np.testing.assert_allclose(stacked(found), theirs, atol=2e-6)


def test_exact_shapley_values_are_captum_s() -> None:
    options = {"target": TARGET, "feature_mask": cells(2), "baselines": 0.5}
    theirs = attr.ShapleyValues(network()).attribute(IMAGES, perturbations_per_eval=8, **options)[:, 0, ::16, ::16]
    found = ours("exact-shapley", regions=seewhy.Grid(2), baseline=seewhy.Colour(0.5))
    np.testing.assert_allclose(stacked(found), theirs, atol=2e-6)


@cache
def sampled_by_captum() -> np.ndarray:
    torch.manual_seed(0)
    options = {"target": TARGET, "feature_mask": cells(3), "baselines": 0.5, "perturbations_per_eval": 16}
    found = attr.ShapleyValueSampling(network()).attribute(IMAGES[:1], n_samples=300, **options)
    return found[0, 0, ::11, ::11].numpy()


@pytest.mark.parametrize("method", ["permutation-shapley", "kernel-shap"])
def test_sampled_shapley_values_are_captum_s_within_the_band(method: str) -> None:
    theirs = sampled_by_captum()
    found = ours(method, regions=seewhy.Grid(3), baseline=seewhy.Colour(0.5), samples=400, tolerance=0.0)[0]
    slack = 0.03 * np.abs(theirs).max()  # their own error after 300 orders
    assert (np.abs(found.values - theirs) <= found.band + slack).all()


def test_lime_is_captum_s_ridge_on_many_samples_within_the_band() -> None:
    torch.manual_seed(0)
    width = 0.25

    def kernel(_original: torch.Tensor, _perturbed: torch.Tensor, bits: torch.Tensor, **_: object) -> torch.Tensor:
        distance = 1 - bits.float().mean().sqrt()  # the published cosine distance; Captum's default is another kernel
        return torch.exp(-(distance**2) / width**2).sqrt()

    lime = attr.Lime(network(), interpretable_model=SkLearnRidge(alpha=1.0), similarity_func=kernel)
    options = {"target": TARGET, "feature_mask": cells(3), "baselines": 0.5, "perturbations_per_eval": 50}
    theirs = lime.attribute(IMAGES[:1], n_samples=1500, **options)[0, 0, ::11, ::11].numpy()
    found = ours("lime", regions=seewhy.Grid(3), baseline=seewhy.Colour(0.5), samples=1500, tolerance=0.0)[0]
    assert (np.abs(found.values - theirs) <= found.band + 0.05 * np.abs(theirs).max()).all()


def test_kernel_shap_is_captum_s_with_many_samples_within_the_band() -> None:
    torch.manual_seed(0)
    kernel = attr.KernelShap(network())
    options = {"target": TARGET, "feature_mask": cells(3), "baselines": 0.5, "perturbations_per_eval": 32}
    theirs = kernel.attribute(IMAGES[:1], n_samples=3000, **options)[0, 0, ::11, ::11].numpy()
    found = ours("kernel-shap", regions=seewhy.Grid(3), baseline=seewhy.Colour(0.5), samples=500, tolerance=0.0)[0]
    assert (np.abs(found.values - theirs) <= found.band + 0.05 * np.abs(theirs).max()).all()


def test_captum_s_layer_grad_cam_on_tokens_is_no_map_and_ours_is() -> None:
    from models.image_networks import build, pictures

    vit, image = build("timm ViT").eval(), pictures("timm ViT")[:1]
    theirs = attr.LayerGradCam(vit, vit.blocks[2].norm1).attribute(image, target=0)
    found = seewhy.explain(vit, image[0], method="grad-cam", layer="blocks.2.norm1", preprocess=PLAIN)
    assert theirs.shape == (1, 1, 192)  # the features of one token: the wrong axis was averaged
    assert found.values.shape == (4, 4)
