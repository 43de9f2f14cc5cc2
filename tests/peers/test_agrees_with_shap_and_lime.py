"""Agreement with shap's estimators and lime's regression on the same games and data."""

from __future__ import annotations

import numpy as np
import shap
import torch
from lime.lime_base import LimeBase
from peer_networks import IMAGES, TARGET, cells, network

import seewhy

SIDE = 3
OPTIONS = {"regions": seewhy.Grid(SIDE), "baseline": seewhy.Colour(0.5), "target": TARGET, "scale": "logit"}


def answers(present: np.ndarray) -> np.ndarray:
    """The logit with these cells present and the others grey: the same game, asked in shap's way."""
    masks = torch.as_tensor(present > 0.5)[:, cells(SIDE)[0, 0]][:, None]
    with torch.no_grad():
        return network()(torch.where(masks, IMAGES[:1], 0.5))[:, TARGET].double().numpy()


def shap_values() -> np.ndarray:
    """KernelExplainer without its regularisation; 2^9 samples are all coalitions, so it is exact."""
    explainer = shap.KernelExplainer(answers, np.zeros((1, SIDE * SIDE)))
    return np.asarray(explainer.shap_values(np.ones((1, SIDE * SIDE)), nsamples=2**9, l1_reg=0, silent=True)).ravel()


def test_exact_shapley_is_shap_s_where_all_coalitions_are_asked() -> None:
    found = seewhy.explain(network(), IMAGES[0], method="exact-shapley", **OPTIONS)
    np.testing.assert_allclose(found.values.ravel(), shap_values(), atol=1e-5)


def test_kernel_shap_is_shap_s_where_the_samples_are_enough_for_all_coalitions() -> None:
    found = seewhy.explain(network(), IMAGES[0], method="kernel-shap", samples=2**10, tolerance=0.0, **OPTIONS)
    assert found.sampling.stop == "exact"
    np.testing.assert_allclose(found.values.ravel(), shap_values(), atol=1e-5)


def test_kernel_shap_with_few_samples_is_within_its_band_of_shap_s_exact_values() -> None:
    found = seewhy.explain(network(), IMAGES[0], method="kernel-shap", samples=200, tolerance=0.0, **OPTIONS)
    assert found.sampling.stop == "samples"
    assert (np.abs(found.values.ravel() - shap_values()) <= found.band.ravel() + 1e-5).all()


def test_lime_is_the_regression_of_the_lime_package_on_the_same_data_and_weights() -> None:
    asked: list[torch.Tensor] = []

    def listening(images: torch.Tensor) -> torch.Tensor:
        asked.extend(images.clone())
        with torch.no_grad():
            return network()(images)

    options = {**OPTIONS, "regions": seewhy.Grid(6), "baseline": seewhy.Colour(0.0)}
    found = seewhy.explain(listening, IMAGES[0], method="lime", samples=200, tolerance=0.0, **options)
    starts = [i * 32 // 6 + (i * 32 % 6 > 0) for i in range(6)]
    present = (torch.stack(asked)[:, 0][:, starts][:, :, starts] > 0).flatten(1).double().numpy()
    data, first = np.unique(present, axis=0, return_index=True)
    order = np.argsort(-data.sum(axis=1))  # lime takes the first row for the whole image
    data, pictures = data[order], torch.stack(asked)[first[order]]
    with torch.no_grad():
        scores = network()(pictures)[:, [TARGET]].double().numpy()
    distances = 1 - np.sqrt(data.mean(axis=1))  # cosine distance to the whole image
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / 0.25**2)), random_state=0)
    _, theirs, _, _ = base.explain_instance_with_data(data, scores, distances, 0, 36, feature_selection="none")
    weights = np.array([weight for _, weight in sorted(theirs)])
    np.testing.assert_allclose(found.values.ravel(), weights, atol=1e-5)
