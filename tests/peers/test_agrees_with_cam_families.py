"""FEM and its relatives beside pytorch-grad-cam and TorchCAM: where they agree, and what theirs compute instead."""

from __future__ import annotations

import numpy as np
import torch
from peer_networks import IMAGES, TARGET, network, unit
from pytorch_grad_cam import FEM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

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
