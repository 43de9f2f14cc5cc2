"""Eigen-Grad-CAM beside pytorch-grad-cam: the same but for centring, and for a sign that theirs leaves open."""

from __future__ import annotations

import numpy as np
import torch
from peer_networks import IMAGES, TARGET, network, unit
from pytorch_grad_cam import EigenGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

import seewhy


def products() -> np.ndarray:
    """Gradient times activation of the last layer, (places, channels): its head is linear."""
    model = network()
    with torch.no_grad():
        features = model.act2(model.second(model.act1(model.first(IMAGES[:1]))))[0]
    return (features * model.head.weight[TARGET].reshape(features.shape)).detach().double().flatten(1).T.numpy()


def component(rows: np.ndarray) -> np.ndarray:
    return (rows @ np.linalg.svd(rows)[2][0]).reshape(8, 8)


def test_eigen_grad_cam_is_that_of_pytorch_grad_cam_up_to_centring_and_sign() -> None:
    model = network()
    cam = EigenGradCAM(model=model, target_layers=[model.act2])
    cam.get_target_width_height = lambda _: None
    theirs = cam(input_tensor=IMAGES[:1], targets=[ClassifierOutputTarget(TARGET)])[0]
    rows = products()
    centred = component(rows - rows.mean(axis=0))  # an even share of a channel's evidence is gone
    assert any(np.allclose(unit(np.maximum(sign * centred, 0)), theirs, atol=1e-3) for sign in (1, -1))
    found = seewhy.explain(
        network(), IMAGES[0], method="eigen-grad-cam", layer="act2", target=TARGET, sign="both"
    ).values
    plain = component(rows)
    plain = plain * np.sign((plain.ravel() * rows.sum(axis=1)).sum())
    np.testing.assert_allclose(found, plain, atol=1e-4 * np.abs(plain).max())
