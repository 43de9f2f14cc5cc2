"""FEM and its relatives beside pytorch-grad-cam and TorchCAM: where they agree, and what theirs compute instead."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchcam.methods as tc
from peer_networks import IMAGES, TARGET, network, unit
from pytorch_grad_cam import FEM, FinerCAM, ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

import seewhy


def features(model: torch.nn.Module) -> np.ndarray:
    with torch.no_grad():
        return model.act2(model.second(model.act1(model.first(IMAGES[:1]))))[0].double().numpy()


def test_pytorch_grad_cam_weighs_features_by_how_often_they_are_strong_and_ours_strong_places_by_the_mean() -> None:
    model = network()
    maps = features(model)
    mean, spread = maps.mean(axis=(1, 2), keepdims=True), maps.std(axis=(1, 2), keepdims=True)
    strong = maps > mean + 2 * spread
    cam = FEM(model=model, target_layers=[model.act2])
    cam.get_target_width_height = lambda _: None
    theirs = cam(input_tensor=IMAGES[:1], targets=[ClassifierOutputTarget(TARGET)])[0]
    swapped = (strong.mean(axis=(1, 2), keepdims=True) * maps).sum(axis=0)
    np.testing.assert_allclose(theirs, unit(swapped), atol=1e-5)
    paper = (mean * strong).sum(axis=0)
    found = seewhy.explain(network(), IMAGES[0], method="fem", layer="act2").values
    np.testing.assert_allclose(found, paper, rtol=1e-5)
    assert np.corrcoef(swapped.ravel(), paper.ravel())[0, 1] < 0.95


@pytest.mark.parametrize(("rivals", "share"), [(1, 1.0), (2, 0.6), (3, 0.6)])
def test_finer_cam_is_that_of_torchcam(rivals: int, share: float) -> None:
    model = network()
    with tc.FinerCAM(model, "act2", gamma=share, num_references=rivals) as extract:
        scores = model(IMAGES[:1].clone().requires_grad_())
        theirs = extract(TARGET, scores, normalized=False)[0][0].relu().detach().numpy()
    asked = {"layer": "act2", "target": TARGET, "rivals": rivals, "share": share}
    found = seewhy.explain(network(), IMAGES[0], method="finer-cam", **asked).values
    np.testing.assert_allclose(found, theirs, atol=1e-4 * theirs.max())


def test_finer_cam_is_that_of_pytorch_grad_cam_where_one_class_is_compared() -> None:
    # with several it weighs them by their probabilities; the paper takes their mean
    model = network()
    cam = FinerCAM(model=model, target_layers=[model.act2])
    cam.base_cam.get_target_width_height = lambda _: None
    theirs = cam.forward(IMAGES[:1], target_idx=TARGET, alpha=0.6, comparison_categories=[1])[0]
    asked = {"layer": "act2", "target": TARGET, "rivals": 1, "share": 0.6}
    found = seewhy.explain(network(), IMAGES[0], method="finer-cam", **asked).values
    np.testing.assert_allclose(unit(found), theirs, atol=1e-5)


def test_cam_is_that_of_torchcam_where_it_is_told_the_linear_layer() -> None:
    torch.manual_seed(4)
    pooled = nn.Sequential(
        nn.Conv2d(3, 6, 5, stride=3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)
    )
    pooled.eval()
    with tc.CAM(pooled, "1", fc_layer="4") as extract:
        pooled(IMAGES[:1])
        theirs = extract(TARGET, normalized=False)[0][0].detach().numpy()
    found = seewhy.explain(pooled, IMAGES[0], method="cam", target=TARGET, sign="both").values
    np.testing.assert_allclose(found, theirs, atol=1e-5 * np.abs(theirs).max())


def score_cam(model: nn.Module) -> np.ndarray:
    asked = {"layer": "second", "target": TARGET, "baseline": seewhy.Colour(0.0), "scale": "logit"}
    return seewhy.explain(model, IMAGES[0], method="score-cam", **asked).values


def test_score_cam_is_that_of_pytorch_grad_cam_up_to_how_a_mask_is_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    model = network()
    cam = ScoreCAM(model=model, target_layers=[model.second])
    found = unit(score_cam(network())).ravel()
    assert np.corrcoef(native(cam), found)[0, 1] > 0.99  # theirs puts the centres of the outer cells on the border
    smooth = lambda size: nn.Upsample(size, mode="bilinear", align_corners=False)  # noqa: E731
    monkeypatch.setattr(nn, "UpsamplingBilinear2d", smooth)
    np.testing.assert_allclose(native(cam), found, atol=1e-4)


def native(cam: object) -> np.ndarray:
    cam.get_target_width_height = lambda _: None
    return cam(input_tensor=IMAGES[:1], targets=[ClassifierOutputTarget(TARGET)])[0].ravel()


def test_torchcam_scales_a_mask_before_it_enlarges_it_so_that_some_mask_shows_no_place_in_full() -> None:
    model = network()
    with tc.ScoreCAM(model, "act2") as extract, torch.no_grad():
        model(IMAGES[:1])
        theirs = extract(TARGET, normalized=False)[0][0].numpy()
    maps = features(model)
    assert theirs.shape == maps.shape[1:]
    with torch.no_grad():
        low = torch.from_numpy(maps).float()
        low = (low - low.amin(dim=(1, 2), keepdim=True)) / (
            low.amax(dim=(1, 2), keepdim=True) - low.amin(dim=(1, 2), keepdim=True) + 1e-8
        )
        masks = torch.nn.functional.interpolate(low[None], (32, 32), mode="bilinear")[0]
        weights = model(masks[:, None] * IMAGES[:1])[:, TARGET].softmax(dim=0).double().numpy()
    np.testing.assert_allclose(theirs, np.einsum("k,kyx->yx", weights, maps), atol=1e-4)
    assert masks.flatten(1).amax(dim=1).max() <= 1.0
    assert (masks.flatten(1).amax(dim=1) < 0.99).any()


def test_torchcam_takes_the_slope_of_the_last_noisy_copy_and_a_sum_of_products_in_smooth_grad_cam() -> None:
    # without noise it would be Grad-CAM++, with the features summed before they meet the third power
    model = network()
    with tc.SmoothGradCAMpp(model, "act2", num_samples=3, std=1e-6) as extract:
        scores = model(IMAGES[:1].clone().requires_grad_())
        theirs = extract(TARGET, scores, normalized=False)[0][0].relu().detach().numpy()
    maps = features(model)
    slopes = model.head.weight[TARGET].detach().double().numpy().reshape(maps.shape)

    def weighed(sums: np.ndarray) -> np.ndarray:
        alpha = slopes**2 / (2 * slopes**2 + sums)
        return np.maximum(np.einsum("k,kyx->yx", (alpha * np.maximum(slopes, 0)).sum(axis=(1, 2)), maps), 0)

    np.testing.assert_allclose(theirs, weighed((slopes**3 * maps).sum(axis=(1, 2), keepdims=True)), rtol=1e-2)
    asked = {"layer": "act2", "target": TARGET, "samples": 4, "noise": 0.0, "tolerance": 0.0}
    found = seewhy.explain(network(), IMAGES[0], method="smooth-grad-cam++", **asked).values
    np.testing.assert_allclose(found, weighed(slopes**3 * maps.sum(axis=(1, 2), keepdims=True)), rtol=1e-3)
